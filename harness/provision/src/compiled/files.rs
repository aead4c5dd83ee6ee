//! Reading the files of a folder.

use serde::de::DeserializeOwned;
use slm_plan::{
    error::{Error, Result},
    plain_text,
};
use std::path::{Path, PathBuf};

/// Largest JSON file that is read, bytes; records of weights have some megabytes.
const MAX_JSON: u64 = 128 << 20;

/// How to get a folder.
pub(crate) const GET: &str = "make a folder with `bench models make --format mlc`, or see docs/mlc.md";

pub(super) fn json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = plain_text::read(path, MAX_JSON).map_err(|error| Error::text(&error))?;
    serde_json::from_str(&text)
        .map_err(|error| Error::input(format!("{} cannot be understood: {error}", path.display()), GET))
}

pub(super) fn absolute(path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|error| Error::reading(path, &error))
}

pub(super) fn text(path: &Path) -> Result<String> {
    let not_text = || Error::input(format!("{} is not a UTF-8 path", path.display()), "rename it");
    path.to_str().map(str::to_owned).ok_or_else(not_text)
}
