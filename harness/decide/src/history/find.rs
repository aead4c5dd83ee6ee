//! Results folders below a folder.

use slm_plan::error::{Error, Result};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders within folders at most: results do not lie deeper.
const DEEPEST: usize = 8;

/// What could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The folder.
    pub folder: PathBuf,
    /// Why, in one line.
    pub why: String,
}

/// The results folders below a folder, or the folder itself, by name. Links are not followed,
/// and hidden folders are left out. Folders that cannot be listed go to `skipped`.
///
/// # Errors
/// [`Error::Input`] when the folder itself cannot be listed.
pub(super) fn results_folders(folder: &Path, skipped: &mut Vec<Skipped>) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if is_results(folder) {
        found.push(folder.to_owned());
    } else {
        let entries = folders(folder).map_err(|error| Error::reading(folder, &error))?;
        for entry in entries {
            walk(&entry, 1, &mut found, skipped);
        }
    }
    Ok(found)
}

fn walk(folder: &Path, depth: usize, found: &mut Vec<PathBuf>, skipped: &mut Vec<Skipped>) {
    if is_results(folder) {
        found.push(folder.to_owned());
        return;
    }
    if depth >= DEEPEST {
        return;
    }
    match folders(folder) {
        Ok(entries) => entries.iter().for_each(|entry| walk(entry, depth + 1, found, skipped)),
        Err(error) => {
            skipped
                .push(Skipped { folder: folder.to_owned(), why: Error::reading(folder, &error).to_string() });
        }
    }
}

fn is_results(folder: &Path) -> bool {
    folder.join("manifest.json").is_file()
}

/// The folders in a folder, by name.
fn folders(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if entry.file_type()?.is_dir() && !is_hidden {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}
