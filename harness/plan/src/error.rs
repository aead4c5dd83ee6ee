//! Errors as the user sees them: one line that names what is wrong and what to
//! do, and the exit code's class.

use slm_models::plain_text::{Fault, TextError};
use std::{io, path::Path};
use thiserror::Error;

/// What ended a command. `main` turns the class into an exit code.
#[derive(Debug, Error)]
pub enum Error {
    /// Wrong usage or input; nothing was measured.
    #[error("{0}")]
    Input(String),
    /// No device, or it was lost for good.
    #[error("{0}")]
    Device(String),
    /// A fault of the tool or of the machine it runs on.
    #[error("{0}")]
    Internal(String),
    /// The user stopped it before anything was measured.
    #[error("interrupted")]
    Interrupted,
}

/// Result of a command's parts.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Wrong input: `what` is wrong, `remedy` says what to do about it.
    pub fn input(what: impl AsRef<str>, remedy: impl AsRef<str>) -> Self {
        Error::Input(format!("{}; {}", what.as_ref(), remedy.as_ref()))
    }

    /// A text file that could not be read, or is no text.
    pub fn text(error: &TextError) -> Self {
        Error::Input(error.to_string())
    }

    /// A file that could not be read.
    pub fn reading(path: &Path, error: &io::Error) -> Self {
        if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Fault>) {
            return Error::Input(format!("{} {error}; save it as UTF-8", path.display()));
        }
        Error::Input(format!("cannot read {}: {error}; check the path and its permissions", path.display()))
    }

    /// Recording failed. Recording is the product, so this stops the sweep.
    pub fn writing(path: &Path, error: &io::Error) -> Self {
        let remedy = match error.kind() {
            io::ErrorKind::StorageFull => "free some space and go on with --resume",
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "choose a writable folder with --out"
            }
            _ => "choose another folder with --out, or go on with --resume once it can be written",
        };
        Error::Internal(format!("cannot write {}: {error}; {remedy}", path.display()))
    }

    /// The same failure before anything was measured.
    pub fn unwritable(path: &Path, error: &io::Error) -> Self {
        Error::Input(format!(
            "cannot write to {}: {error}; choose a writable folder with --out",
            path.display()
        ))
    }

    /// The exit code of this class, as documented in the README.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Input(_) => 2,
            Error::Device(_) => 3,
            Error::Internal(_) => 4,
            Error::Interrupted => 130,
        }
    }
}
