//! Why a folder cannot be imported, in one line.

use std::io;
use std::path::{Path, PathBuf};

use slm_models::MakeError;

/// What ended an import. Nothing is left at the destination.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The input is damaged, hostile or of a kind that is not supported.
    #[error("{0}")]
    Refused(String),
    /// The system could not read a file.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Whoever watches asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] MakeError),
}

/// Result of the parts of an import.
pub type Result<T> = std::result::Result<T, ImportError>;

/// Longest message that is shown; names and values from files can be of any length.
const LONGEST: usize = 600;

/// An input that is not taken. Words of the input come in with `{:?}`, so that no
/// control character passes.
pub(crate) fn refused(what: impl AsRef<str>) -> ImportError {
    let what = what.as_ref();
    match what.char_indices().nth(LONGEST) {
        Some((end, _)) => ImportError::Refused(format!("{}…", &what[..end])),
        None => ImportError::Refused(what.to_owned()),
    }
}

pub(crate) fn refuse<T>(what: impl AsRef<str>) -> Result<T> {
    Err(refused(what))
}

pub(crate) fn reading(path: &Path, source: io::Error) -> ImportError {
    ImportError::Read { path: path.to_owned(), source }
}

/// The error of a file that cannot be written.
pub(crate) fn unwritable(path: &Path, source: io::Error) -> ImportError {
    ImportError::Write(MakeError::Io { path: path.to_owned(), source })
}
