//! Files of the folder, read in places: nothing is mapped, so that a file that is
//! cut while it is read gives an error, not a signal.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use slm_models::digest;

use crate::error::{Result, reading, refuse, refused};

/// Largest JSON file that is read (the largest tokenizers have 35 MB).
const MAX_JSON: u64 = 128 << 20;
/// How a file begins that Git LFS left in the place of the real one.
const LFS_POINTER: &[u8] = b"version https://git-lfs";

/// An open file and its length.
#[derive(Debug)]
pub(crate) struct SourceFile {
    pub(crate) path: PathBuf,
    pub(crate) len: u64,
    file: File,
}

impl SourceFile {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let failed = |source| reading(path, source);
        // Looked at before it is opened: opening a pipe would wait for its writer.
        let metadata = fs::metadata(path).map_err(failed)?;
        if !metadata.is_file() {
            return refuse(format!("{} is no file", path.display()));
        }
        let file = File::open(path).map_err(failed)?;
        let opened = Self { path: path.to_owned(), len: metadata.len(), file };
        let mut start = [0; LFS_POINTER.len()];
        if opened.len >= LFS_POINTER.len() as u64 {
            opened.read_at(0, &mut start)?;
        }
        if start == LFS_POINTER {
            return refuse(format!(
                "{} is a Git LFS pointer, not the file itself; run `git lfs pull` in its folder",
                path.display()
            ));
        }
        Ok(opened)
    }

    pub(crate) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.file.read_exact_at(buffer, offset).map_err(|source| reading(&self.path, source))
    }

    /// A part of the file, whose length was checked against the file's.
    pub(crate) fn part(&self, offset: u64, len: u64) -> Result<Vec<u8>> {
        if offset.checked_add(len).is_none_or(|end| end > self.len) {
            return refuse(format!(
                "{}: truncated: bytes {offset} to {offset}+{len} are not there",
                self.path.display()
            ));
        }
        let mut buffer = vec![0; usize::try_from(len).unwrap_or(0)];
        self.read_at(offset, &mut buffer)?;
        Ok(buffer)
    }

    /// Its name, for messages.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// A JSON file, or `None` if it is not there. Depth is bounded by the parser.
pub(crate) fn json(path: &Path) -> Result<Option<Value>> {
    let Some(bytes) = bytes(path)? else { return Ok(None) };
    let parsed = serde_json::from_slice(&bytes);
    parsed.map(Some).map_err(|error| refused(format!("{} is no valid JSON: {error}", path.display())))
}

/// A small file, or `None` if it is not there.
pub(crate) fn bytes(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(reading(path, error)),
        Ok(_) => {}
    }
    let file = SourceFile::open(path)?;
    if file.len > MAX_JSON {
        return refuse(format!("{} has {} bytes; at most {MAX_JSON} are read", path.display(), file.len));
    }
    file.part(0, file.len).map(Some)
}

/// SHA-256 of a file, in hexadecimal.
pub(crate) fn sha256(path: &Path) -> Result<String> {
    digest::sha256_file(path).map_err(|source| reading(path, source))
}
