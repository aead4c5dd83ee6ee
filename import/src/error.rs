//! Why a folder cannot be imported, in one line.

use std::io;
use std::path::{Path, PathBuf};

use slm_models::MakeError;

/// What ended an import. Nothing is left at the destination.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The input is damaged, hostile or of a kind that is not supported: what it is, and what to
    /// do.
    #[error("{0}")]
    Refused(String),
    /// The same, before whoever reads the whole folder knows what to do.
    #[error("{0}")]
    Unadvised(String),
    /// The system could not read a file.
    #[error("cannot read {}: {source}; check the path and its permissions", .path.display())]
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
    ImportError::Unadvised(cut(what.as_ref()))
}

pub(crate) fn refuse<T>(what: impl AsRef<str>) -> Result<T> {
    Err(refused(what))
}

/// The same where the message says what to do.
pub(crate) fn advised(what: impl AsRef<str>) -> ImportError {
    ImportError::Refused(cut(what.as_ref()))
}

pub(crate) fn advise<T>(what: impl AsRef<str>) -> Result<T> {
    Err(advised(what))
}

/// Adds what to do to a refusal that does not say so.
pub(crate) fn or(remedy: &str) -> impl FnOnce(ImportError) -> ImportError {
    move |error| match error {
        ImportError::Unadvised(what) => ImportError::Refused(format!("{what}; {remedy}")),
        other => other,
    }
}

fn cut(what: &str) -> String {
    match what.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &what[..end]),
        None => what.to_owned(),
    }
}

pub(crate) fn reading(path: &Path, source: io::Error) -> ImportError {
    ImportError::Read { path: path.to_owned(), source }
}

/// The error of a file that cannot be written.
pub(crate) fn unwritable(path: &Path, source: io::Error) -> ImportError {
    ImportError::Write(MakeError::Io { path: path.to_owned(), source })
}
