//! Names of results folders.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The last part of a path; of `.` and the like, the folder's real name.
pub fn folder_name(path: &Path) -> String {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let real = || fs::canonicalize(path).ok().as_deref().and_then(name);
    name(path).or_else(real).unwrap_or_else(|| "report".into())
}

/// One name for several folders.
pub fn common_name(folders: &[PathBuf]) -> String {
    let first = folders.first().map(|folder| folder_name(folder)).unwrap_or_default();
    match folders.len() {
        0 | 1 => first,
        n => format!("{first}-and-{}-more", n - 1),
    }
}
