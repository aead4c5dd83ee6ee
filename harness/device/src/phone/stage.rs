//! Models on the phone. A synthetic model is made there from its shape, and its hash kept
//! beside it. A file is sent once and kept under its hash, as are the files of a compiled
//! model. All are hashed before they are measured.

use super::{
    error::stage_error,
    file_set::{self, FileOfSet},
    made_model::MadeModel,
    names::file_name_part,
    retrying_link::RetryingLink,
    stage_compiled,
};
use crate::{LinkError, StagedModel};
use slm_models::{MakeOptions, SplitName, cache_file_name};
use slm_plan::{FilePart, ModelSource, PlannedModel, model_sha256};
use slm_protocol::Failure;
use slm_provision::StageError;
use std::iter;

/// Makes a model available and gives its path on the phone.
pub(super) fn stage(
    link: &RetryingLink,
    root: &str,
    agent: &str,
    model: &PlannedModel,
) -> Result<StagedModel, StageError> {
    let staged = match &model.source {
        ModelSource::Pending { from } => {
            let message = format!("{} was not provided (from {from})", model.name);
            return Err(StageError { failure: Failure::LoadFailed, message });
        }
        ModelSource::Nothing => Ok(StagedModel::default()),
        ModelSource::Compiled(source) => stage_compiled::stage(link, root, &model.name, source),
        ModelSource::File { path, sha256, further } => {
            send(link, root, model, (path, sha256), further).map(StagedModel::file)
        }
        ModelSource::Shape { shape, types, seed } => {
            let options = MakeOptions { types: *types, seed: *seed };
            let path = format!("{root}/models/{}", cache_file_name(&model.name, shape, &options));
            MadeModel { link, agent, model, shape, options, path }.stage().map(StagedModel::file)
        }
    };
    staged.map_err(|error| stage_error(&error))
}

/// Sends a file, or all parts of a split model under names by which the engine finds them;
/// the path of the (first) file.
fn send(
    link: &RetryingLink,
    root: &str,
    model: &PlannedModel,
    (path, sha256): (&str, &str),
    further: &[FilePart],
) -> Result<String, LinkError> {
    let bytes = model.file_bytes - further.iter().map(|part| part.bytes).sum::<u64>().min(model.file_bytes);
    let first = FilePart { path: path.to_owned(), bytes, sha256: sha256.to_owned() };
    let parts: Vec<&FilePart> = iter::once(&first).chain(further).collect();
    let hash = model_sha256(&parts.iter().map(|part| part.sha256.as_str()).collect::<Vec<_>>());
    let stem = format!("{root}/models/{}-{}", &hash[..hash.len().min(16)], file_name_part(&model.name));
    let names: Vec<String> = match u32::try_from(parts.len()) {
        Ok(count) if count > 1 => (1..=count).map(|part| SplitName::of(&stem, part, count)).collect(),
        _ => vec![format!("{stem}.gguf")],
    };
    let file = |(path, part): (String, &FilePart)| FileOfSet {
        from: part.path.clone().into(),
        path,
        sha256: part.sha256.clone(),
        bytes: part.bytes,
    };
    let set: Vec<FileOfSet> = names.into_iter().zip(parts).map(file).collect();
    file_set::ensure(link, &model.name, &set)?;
    Ok(set.into_iter().next().map(|file| file.path).unwrap_or_default())
}
