//! Why an engine did not do its work.

use slm_protocol::Failure;
use thiserror::Error;

/// Why a model or a context cannot be used.
#[derive(Debug, Error)]
#[error("{message}")]
pub(crate) struct LoadError {
    pub(crate) failure: Failure,
    pub(crate) message: String,
}

/// Why a step did not end well.
#[derive(Debug, Error)]
pub(crate) enum StepError {
    /// The deadline passed, or the process was interrupted.
    #[error("aborted")]
    Aborted,
    /// Memory ran out.
    #[error("out of memory: {0}")]
    OutOfMemory(String),
    /// The engine cannot do this.
    #[error("{0}")]
    Unsupported(String),
    /// The engine ended by a fault of its own.
    #[error("{0}")]
    #[cfg_attr(not(feature = "mlc"), expect(dead_code, reason = "the other engines end the process"))]
    Broken(String),
}

impl LoadError {
    /// The engine or this agent cannot do what the job asks for.
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self { failure: Failure::Unsupported, message: message.into() }
    }

    /// The model cannot be loaded.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { failure: Failure::LoadFailed, message: message.into() }
    }
}
