//! Files of the kernel.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// A reading is not longer than this.
const MAX_BYTES: usize = 8 << 10;

/// A small file, kept open: opening it costs more than reading it.
pub(super) struct KernelFile(File);

impl KernelFile {
    /// `None` where it does not exist or cannot be read.
    pub(super) fn open(path: &Path) -> Option<Self> {
        path.is_file().then(|| File::open(path).ok().map(Self)).flatten()
    }

    /// Its present text, trimmed.
    pub(super) fn text(&self) -> Option<String> {
        let mut buffer = [0u8; MAX_BYTES];
        let read = self.0.read_at(&mut buffer, 0).ok()?;
        Some(std::str::from_utf8(&buffer[..read]).ok()?.trim().to_owned())
    }

    /// Its present number.
    pub(super) fn number(&self) -> Option<f64> {
        self.text()?.parse().ok().filter(|number: &f64| number.is_finite())
    }
}

/// The folders `<prefix><number>`, in the order of their numbers.
pub(super) fn numbered(folder: &Path, prefix: &str) -> Vec<(u32, PathBuf)> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((number, entry.path()))
        })
        .collect();
    found.sort_unstable();
    found
}
