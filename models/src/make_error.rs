//! Why a file could not be made.

use std::io;
use std::path::{Path, PathBuf};

/// Why a file could not be made. Nothing is left behind but for a killed process,
/// whose `.part` file the next attempt takes over.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// The engine has no such architecture.
    #[error("no model file can be made for arch={arch}: {reason}")]
    Unsupported {
        /// The architecture's name.
        arch: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// Another process is making the same file.
    #[error("{} is being written by another process; wait for it to finish", .path.display())]
    Busy {
        /// The temporary file.
        path: PathBuf,
    },
    /// The disk is full, or a quota is used up.
    #[error("no space left for {} ({needed} bytes in all); free some or choose another folder", .path.display())]
    DiskFull {
        /// The temporary file.
        path: PathBuf,
        /// Size of the finished file.
        needed: u64,
    },
    /// Any other trouble with the file.
    #[error("cannot write {}: {source}", .path.display())]
    Io {
        /// The file at fault.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl MakeError {
    /// The error for what the system said of a file of which `needed` bytes are wanted in all.
    pub fn io(path: &Path, needed: u64, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::DiskFull { path, needed }
            }
            _ => Self::Io { path, source },
        }
    }
}
