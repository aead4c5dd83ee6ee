//! Files that are written whole or not at all.

use std::{fs, io, path::Path};

/// Replaces a file by new content, whole or not at all.
///
/// # Errors
/// When it cannot be written or renamed.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    fs::write(&part, bytes)?;
    fs::rename(&part, path)
}
