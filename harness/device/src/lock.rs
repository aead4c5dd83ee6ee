//! One process per results folder and one sweep per device: a lock that the
//! kernel releases when its holder dies, however it dies.

use slm_plan::error::{Error, Result};
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
};

/// A held lock. The file stays; only the kernel's lock on it counts.
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock.
    ///
    /// # Errors
    /// [`Error::Input`] with the holder's process id when it is held, or when its file cannot be
    /// written.
    pub fn take(path: &Path) -> Result<Self> {
        let unwritable = |error: std::io::Error| {
            let what = format!("{} cannot be locked: {error}", path.display());
            Error::input(what, "make its folder writable, or choose another with --out or TMPDIR")
        };
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(path).map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                let what =
                    format!("{} is in use by another bench (process {})", path.display(), holder.trim());
                return Err(Error::input(what, "wait for it to end, or stop it"));
            }
            Err(TryLockError::Error(error)) => return Err(unwritable(error)),
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(unwritable)?;
        writeln!(file, "{}", std::process::id()).map_err(unwritable)?;
        Ok(Self { _file: file })
    }
}

/// One sweep per device at a time, since a second one would disturb the first.
pub struct DeviceLock {
    _lock: Lock,
}

impl DeviceLock {
    /// Takes the lock of a device, in the folder for temporary files.
    ///
    /// # Errors
    /// [`Error::Input`] when another sweep runs on the device.
    pub fn take(device: &str) -> Result<Self> {
        // One file for each user: in a shared folder, no user can write another's.
        let user = rustix::process::getuid().as_raw();
        let device = slm_plan::text::file_name(device);
        let path = std::env::temp_dir().join(format!("slm-bench-{device}-{user}.lock"));
        Lock::take(&path).map(|lock| Self { _lock: lock })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".lock");
        let first = Lock::take(&path).unwrap();
        let error = Lock::take(&path).err().unwrap();
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
        drop(first);
        assert!(Lock::take(&path).is_ok());
    }
}
