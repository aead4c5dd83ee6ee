//! Files of the folder, read in places: nothing is mapped, so that a file that is
//! cut while it is read gives an error, not a signal.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use slm_models::{Container, digest, plain_text};

use crate::error::{Result, advise, advised, reading, refuse};

/// Largest JSON file that is read (the largest tokenizers have 35 MB).
const MAX_JSON: u64 = 128 << 20;

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
        let length = usize::try_from(opened.len).unwrap_or(usize::MAX).min(Container::LOOKED_AT);
        let mut start = vec![0; length];
        opened.read_at(0, &mut start)?;
        // What downloads leave in a file's place; texts may be just that here.
        match Container::of(&start, opened.len) {
            Some(other @ (Container::LfsPointer | Container::XetPointer | Container::WebPage)) => {
                advise(format!("{} is {other}; {}", path.display(), other.remedy()))
            }
            _ => Ok(opened),
        }
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
    bytes(path)?.map(|bytes| parse_json(&bytes, path)).transpose()
}

/// JSON in whatever form text has; `path` is only named.
pub(crate) fn parse_json(bytes: &[u8], path: &Path) -> Result<Value> {
    let text = decode(bytes, path)?;
    serde_json::from_str(&text)
        .map_err(|error| advised(format!("{} is no valid JSON: {error}; download it anew", path.display())))
}

/// A text file, or `None` if it is not there; line ends as Python reads them.
pub(crate) fn text(path: &Path) -> Result<Option<String>> {
    let Some(bytes) = bytes(path)? else { return Ok(None) };
    decode(&bytes, path).map(|text| Some(plain_text::with_unix_line_ends(&text).into_owned()))
}

fn decode<'a>(bytes: &'a [u8], path: &Path) -> Result<Cow<'a, str>> {
    plain_text::decode(bytes)
        .map_err(|fault| advised(format!("{} {fault}; save it as UTF-8", path.display())))
}

/// A small file, or `None` if it is not there.
fn bytes(path: &Path) -> Result<Option<Vec<u8>>> {
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
