//! Why a run did not reach its end.

use crate::engine::LoadError;
use std::io;
use thiserror::Error;

/// Why a run did not reach its end.
#[derive(Debug, Error)]
pub(crate) enum RunError {
    /// Already reported as an event.
    #[error("{0}")]
    LoadFailed(LoadError),
    /// A signal came.
    #[error("interrupted")]
    Interrupted,
    /// The engine cannot run another trial after this one, which is reported.
    #[error("the engine cannot go on after trial {0}")]
    Unusable(String),
    /// An event could not be recorded.
    #[error("an event cannot be written: {0}")]
    Output(#[from] io::Error),
}
