//! Whether a file of the hub is what its name says.

use super::{
    error::HubError,
    name::{FileName, RepoId},
};
use slm_models::{Value, read_header};
use std::path::Path;

/// A GGUF file whose header contradicts it is refused; other files are for whoever
/// reads them.
pub(super) fn inspect(repo: &RepoId, file: &FileName, path: &Path) -> Result<(), HubError> {
    if !file.is_gguf() {
        return Ok(());
    }
    let refuse = |problem| HubError::NotAModel { repo: repo.clone(), file: file.clone(), problem };
    let header = read_header(path).map_err(|error| {
        // The file has a name of its own already.
        let text = error.to_string();
        let problem = text.strip_prefix(&format!("{}: ", path.display())).map(str::to_owned);
        refuse(problem.unwrap_or(text))
    })?;
    match header.metadata.get("split.count").and_then(Value::as_u64) {
        Some(2..) => {
            Err(refuse("it is one part of a model that was split; choose a file that is whole".into()))
        }
        _ => Ok(()),
    }
}
