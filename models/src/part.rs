//! A file that appears whole or not at all: written beside its place as `.part`,
//! hashed on the way, flushed to the disk and renamed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::MakeError;

/// The temporary file; removed unless it is published.
pub struct PartFile {
    path: PathBuf,
    file: File,
    hash: Sha256,
    bytes: u64,
    keep: bool,
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.keep {
            // Best effort: the error that led here is the one to report.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl PartFile {
    /// Opens the temporary file of `destination` for this process alone. One that
    /// was left behind is taken over.
    ///
    /// # Errors
    /// [`MakeError::Busy`] while another process writes it; otherwise what the system says.
    pub fn create(destination: &Path) -> Result<Self, MakeError> {
        let mut name = destination.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let path = destination.with_file_name(name);
        let io = |source| MakeError::io(&path, 0, source);
        // Truncated only once locked: another process may be writing it.
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(MakeError::Busy { path }),
            // Some file systems of phones and network shares have no locks; go without.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        file.set_len(0).map_err(io)?;
        Ok(Self { path, file, hash: Sha256::new(), bytes: 0, keep: false })
    }

    /// Where it is until it is published.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes written.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes data; large pieces, for there is no buffer.
    ///
    /// # Errors
    /// What the system says.
    pub fn put(&mut self, data: &[u8]) -> io::Result<()> {
        self.file.write_all(data)?;
        self.hash.update(data);
        self.bytes += data.len() as u64;
        Ok(())
    }

    /// Flushes to the disk, so that nothing of it is left to do while a measurement runs.
    ///
    /// # Errors
    /// What the system says.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Renames it to its place and tells its SHA-256, in hexadecimal.
    ///
    /// # Errors
    /// What the system says; the temporary file is removed then.
    pub fn publish(mut self, destination: &Path) -> Result<String, MakeError> {
        fs::rename(&self.path, destination)
            .map_err(|source| MakeError::io(destination, self.bytes, source))?;
        self.keep = true;
        Ok(hex(&self.hash.clone().finalize()))
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
