//! One small file of the kernel, kept open: opening it costs more than reading it.

use std::{fs::File, os::unix::fs::FileExt, path::Path};

/// Longer files are no readings.
const MAX_BYTES: usize = 8 << 10;

pub(super) struct KernelFile(File);

impl KernelFile {
    /// `None`: it is not there, or not for us.
    pub(super) fn open(path: &Path) -> Option<Self> {
        path.is_file().then(|| File::open(path).ok().map(Self)).flatten()
    }

    /// What it says now, trimmed.
    pub(super) fn text(&self) -> Option<String> {
        let mut buffer = [0u8; MAX_BYTES];
        let read = self.0.read_at(&mut buffer, 0).ok()?;
        Some(std::str::from_utf8(&buffer[..read]).ok()?.trim().to_owned())
    }

    /// The number that it holds now.
    pub(super) fn number(&self) -> Option<f64> {
        self.text()?.parse().ok().filter(|number: &f64| number.is_finite())
    }
}
