//! The journal: a file of events. While its disk is full, events are kept in memory and the
//! agent goes on: an app's update that fills a phone for some seconds costs no trial, and no
//! trial is held up by a write.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Write},
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// Bytes that are kept at most; a minute of events takes some tens of kilobytes.
const MAX_KEPT: usize = 16 << 20;
/// How often opening is tried again.
const RETRY: Duration = Duration::from_millis(100);

pub(super) struct Journal<W = File> {
    file: W,
    /// Not written yet, whole lines but for the first.
    kept: Vec<u8>,
    /// Since when the disk has been full.
    full_since: Option<Instant>,
    patience: Duration,
}

impl Journal {
    /// Opens a file to append to it.
    pub(super) fn open(path: &Path, patience: Duration) -> io::Result<Self> {
        let started = Instant::now();
        loop {
            match OpenOptions::new().create(true).append(true).open(path) {
                Ok(file) => return Ok(Self::new(file, patience)),
                Err(error) if is_full(&error) && started.elapsed() < patience => thread::sleep(RETRY),
                Err(error) => {
                    return Err(io::Error::new(error.kind(), format!("{}: {error}", path.display())));
                }
            }
        }
    }
}

impl<W: Write> Journal<W> {
    fn new(file: W, patience: Duration) -> Self {
        Self { file, kept: Vec::new(), full_since: None, patience }
    }

    /// Writes bytes, or keeps them while the disk is full.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.kept.extend_from_slice(bytes);
        self.drain()
    }

    /// Writes what was kept, as far as there is space.
    pub(super) fn drain(&mut self) -> io::Result<()> {
        while !self.kept.is_empty() {
            match self.file.write(&self.kept) {
                Ok(0) => return Err(told(&ErrorKind::WriteZero.into())),
                Ok(written) => {
                    self.kept.drain(..written);
                    self.full_since = None;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_full(&error) => {
                    let since = *self.full_since.get_or_insert_with(Instant::now);
                    let is_over = since.elapsed() >= self.patience || self.kept.len() > MAX_KEPT;
                    return if is_over { Err(told(&error)) } else { Ok(()) };
                }
                Err(error) => return Err(told(&error)),
            }
        }
        Ok(())
    }

    /// Whether nothing is left to be written.
    pub(super) fn is_written(&self) -> bool {
        self.kept.is_empty()
    }
}

fn told(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the journal: {error}"))
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with so many bytes left.
    struct Disk {
        left: usize,
        content: Vec<u8>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.left == 0 {
                return Err(io::Error::from_raw_os_error(28));
            }
            let fits = bytes.len().min(self.left);
            self.left -= fits;
            self.content.extend_from_slice(&bytes[..fits]);
            Ok(fits)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_disk_that_is_full_for_a_while_costs_no_byte() {
        let disk = Disk { left: 10, content: Vec::new() };
        let mut journal = Journal::new(disk, Duration::from_mins(1));
        journal.write(b"first\n").unwrap();
        journal.write(b"second\n").unwrap();
        journal.write(b"third\n").unwrap();
        assert!(!journal.is_written());
        assert_eq!(journal.file.content, b"first\nseco");
        journal.file.left = 100;
        journal.drain().unwrap();
        assert!(journal.is_written());
        assert_eq!(journal.file.content, b"first\nsecond\nthird\n");
    }

    #[test]
    fn a_disk_that_stays_full_is_an_error_when_patience_is_over() {
        let disk = || Disk { left: 3, content: Vec::new() };
        let error = Journal::new(disk(), Duration::ZERO).write(b"first\n").unwrap_err();
        assert!(error.to_string().starts_with("the journal: No space left"), "{error}");
        let mut journal = Journal::new(disk(), Duration::from_millis(50));
        journal.write(b"first\n").unwrap();
        thread::sleep(Duration::from_millis(60));
        assert!(journal.write(b"second\n").is_err());
    }
}
