//! A file that appears whole or not at all: written as `NAME.part`,
//! flushed to the disk and then renamed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::digest::hex;
use crate::make_error::MakeError;

/// The temporary file of a result: locked, and removed unless it is published.
#[derive(Debug)]
pub struct PartialFile {
    path: PathBuf,
    file: File,
    keep: bool,
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        if !self.keep {
            // Best effort: the error that led here is the one to report.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl PartialFile {
    /// `NAME.part` beside a file.
    pub fn path_for(destination: &Path) -> PathBuf {
        let mut name = destination.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        destination.with_file_name(name)
    }

    /// Opens the temporary file of `destination` for this process alone. One that was left
    /// behind is opened as it is, and stays until it is taken over.
    ///
    /// # Errors
    /// [`MakeError::Busy`] while another process writes it; otherwise what the system says.
    pub fn create(destination: &Path) -> Result<Self, MakeError> {
        let path = Self::path_for(destination);
        let io = |source| MakeError::io(&path, 0, source);
        let is_new = !path.exists();
        // Truncated only once locked: another process may be writing it.
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(MakeError::Busy { path }),
            // Some file systems of phones and network shares have no locks; go without.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        Ok(Self { path, file, keep: !is_new })
    }

    /// Takes over a file that an earlier process left behind: from now on it is removed
    /// unless it is published.
    pub fn take_over(&mut self) {
        self.keep = false;
    }

    /// Its path until it is published.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Flushes it to the disk and renames it to `destination`.
    ///
    /// # Errors
    /// What the system says; the temporary file is removed then.
    pub fn publish(mut self, destination: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, destination)?;
        self.keep = true;
        Ok(())
    }
}

/// A [`PartialFile`] whose content is hashed while it is written.
#[derive(Debug)]
pub struct HashedFile {
    part: PartialFile,
    hash: Sha256,
    bytes: u64,
}

impl HashedFile {
    /// Opens the temporary file of `destination`, empty; one that was left behind is taken over.
    ///
    /// # Errors
    /// As for [`PartialFile::create`].
    pub fn create(destination: &Path) -> Result<Self, MakeError> {
        let mut part = PartialFile::create(destination)?;
        part.take_over();
        part.file.set_len(0).map_err(|source| MakeError::io(&part.path, 0, source))?;
        Ok(Self { part, hash: Sha256::new(), bytes: 0 })
    }

    /// Its path until it is published.
    pub fn path(&self) -> &Path {
        self.part.path()
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
        self.part.file.write_all(data)?;
        self.hash.update(data);
        self.bytes += data.len() as u64;
        Ok(())
    }

    /// Flushes to the disk, so that nothing of it is left to do while a measurement runs.
    ///
    /// # Errors
    /// What the system says.
    pub fn sync(&self) -> io::Result<()> {
        self.part.file.sync_all()
    }

    /// Renames it to `destination`. Returns the SHA-256 of its content, in hexadecimal.
    ///
    /// # Errors
    /// What the system says; the temporary file is removed then.
    pub fn publish(self, destination: &Path) -> Result<String, MakeError> {
        let bytes = self.bytes;
        self.part.publish(destination).map_err(|source| MakeError::io(destination, bytes, source))?;
        Ok(hex(&self.hash.finalize()))
    }
}
