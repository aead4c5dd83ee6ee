//! The temporary file of a result: locked, and removed unless it gets its name.

use crate::{
    error::{Error, Result},
    show::bytes,
};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// Space to leave free on the disk, bytes.
const RESERVE: u64 = 16 << 20;

pub(super) struct Part {
    path: PathBuf,
    file: File,
    keep: bool,
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.keep {
            // Best effort: the error that led here is the one to report.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Part {
    /// Opens `NAME.part` beside the result's place for this process alone; what a
    /// killed process left there is taken over. Nothing is truncated yet.
    pub(super) fn create(output: &Path) -> Result<Self> {
        super::make_folder(output)?;
        let path = Self::place(output)?;
        let unwritable = |error: io::Error| {
            Error::input(format!("cannot write {}: {error}", path.display()), "choose a writable place")
        };
        let is_new = !path.exists();
        let mut options = OpenOptions::new();
        let file =
            options.read(true).write(true).create(true).truncate(false).open(&path).map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let what = format!("{} is being written by another process", path.display());
                return Err(Error::input(what, "wait for it to finish"));
            }
            // Some network shares have no locks; go without.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(unwritable(error)),
        }
        // A file that was there is kept until it is known not to be the source.
        Ok(Self { path, file, keep: !is_new })
    }

    /// `NAME.part` beside a file.
    pub(super) fn place(output: &Path) -> Result<PathBuf> {
        let Some(name) = output.file_name() else {
            let what = format!("{} is no file name", output.display());
            return Err(Error::input(what, "name the file to write"));
        };
        let mut name = name.to_owned();
        name.push(".part");
        Ok(output.with_file_name(name))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the disk has room for so many bytes.
    pub(super) fn check_space(&self, needed: u64) -> Result<()> {
        // A file system that does not tell is tried.
        let Ok(space) = rustix::fs::fstatvfs(&self.file) else { return Ok(()) };
        let free = space.f_bavail.saturating_mul(space.f_frsize);
        if needed.saturating_add(RESERVE) <= free {
            return Ok(());
        }
        let what = format!("{} needs {}, its disk has {}", self.path.display(), bytes(needed), bytes(free));
        Err(Error::input(what, "free some space or choose another place"))
    }

    /// From here on the file is ours: it goes when this ends without a result.
    pub(super) fn take_over(&mut self) {
        self.keep = false;
    }

    /// Gives it its name, flushed to the disk.
    pub(super) fn publish(mut self, output: &Path) -> Result<()> {
        let written = self.file.sync_all().and_then(|()| fs::rename(&self.path, output));
        written.map_err(|error| Error::unwritable(output, &error))?;
        self.keep = true;
        Ok(())
    }
}
