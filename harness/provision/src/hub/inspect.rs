//! Whether a file of the hub is what its name says.

use super::{
    error::HubError,
    name::{FileName, RepoId},
};
use slm_models::{GgufError, read_header, read_one_file};
use std::path::Path;

/// A GGUF file whose header contradicts it is refused, and what is none; other files are for
/// whoever reads them. A part of a split model is looked at by itself.
pub(super) fn inspect(repo: &RepoId, file: &FileName, path: &Path) -> Result<(), HubError> {
    let look = || read_one_file(path).map(drop);
    if file.is_gguf() { look().map_err(|error| refused(repo, file, &error)) } else { Ok(()) }
}

/// Whether the parts of a split model go together; `path` is its first part.
pub(super) fn inspect_parts(repo: &RepoId, file: &FileName, path: &Path) -> Result<(), HubError> {
    read_header(path).map(drop).map_err(|error| refused(repo, file, &error))
}

fn refused(repo: &RepoId, file: &FileName, error: &GgufError) -> HubError {
    // The file has a name of its own already.
    let problem = match error {
        GgufError::Foreign { container, .. } => format!("it is {container}"),
        other => other.problem(),
    };
    HubError::NotAModel { repo: repo.clone(), file: file.clone(), problem }
}
