//! Models on the phone. A synthetic model is made there from its shape. A file is sent
//! once and kept under its hash, as are the files of a compiled model.

use super::{
    error::stage_error,
    names::file_name_part,
    remote_file::{RemoteFile, prepare_folder},
    retrying_link::{RetryingLink, stdout_if_ok},
    stage_compiled,
};
use crate::{LinkError, Notice, StagedModel, quote};
use slm_models::{MakeOptions, Shape, SplitName, cache_file_name};
use slm_plan::{FilePart, ModelSource, PlannedModel, digest::sha256_hex};
use slm_protocol::{Failure, ModelSpec};
use slm_provision::StageError;
use std::{iter, path::Path, time::Duration};

/// The agent prints a line a second while it makes a model.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// Makes a model available and gives its path on the phone.
pub(super) fn stage(
    link: &RetryingLink,
    root: &str,
    agent: &str,
    model: &PlannedModel,
) -> Result<StagedModel, StageError> {
    let staged = match &model.source {
        ModelSource::Compiled(source) => stage_compiled::stage(link, root, &model.name, source),
        ModelSource::Nothing => Ok(StagedModel::default()),
        ModelSource::Pending { from } => {
            let message = format!("{} was not provided (from {from})", model.name);
            return Err(StageError { failure: Failure::LoadFailed, message });
        }
        ModelSource::File { path, sha256, further } => {
            send(link, root, model, (path, sha256), further).map(StagedModel::file)
        }
        ModelSource::Shape { shape, types, seed } => {
            let options = MakeOptions { types: *types, seed: *seed };
            make(link, root, agent, model, shape, options).map(StagedModel::file)
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
    let hash = match &parts[..] {
        [only] => only.sha256.clone(),
        parts => sha256_hex(parts.iter().map(|part| part.sha256.as_str()).collect::<String>()),
    };
    let stem = format!("{root}/models/{}-{}", &hash[..hash.len().min(16)], file_name_part(&model.name));
    let names: Vec<String> = match u32::try_from(parts.len()) {
        Ok(count) if count > 1 => (1..=count).map(|part| SplitName::of(&stem, part, count)).collect(),
        _ => vec![format!("{stem}.gguf")],
    };
    let mut missing = Vec::new();
    for (name, part) in names.iter().zip(parts) {
        let remote = RemoteFile { path: name, sha256: &part.sha256, bytes: part.bytes, mode: "644" };
        if !remote.exists(link)? {
            missing.push((remote, Path::new(&part.path)));
        }
    }
    if !missing.is_empty() {
        let bytes = missing.iter().map(|(remote, _)| remote.bytes).sum();
        link.notify(Notice::Sending { model: &model.name, bytes, files: missing.len() });
    }
    for (remote, file) in missing {
        remote.ensure(link, file)?;
    }
    Ok(names.into_iter().next().unwrap_or_default())
}

fn make(
    link: &RetryingLink,
    root: &str,
    agent: &str,
    model: &PlannedModel,
    shape: &Shape,
    options: MakeOptions,
) -> Result<String, LinkError> {
    let path = format!("{root}/models/{}", cache_file_name(&model.name, shape, &options));
    let exists = format!("[ -f {} ] && echo yes; true", quote(&path));
    if link.run_checked(&exists, Duration::from_secs(10))?.trim() == "yes" {
        return Ok(path);
    }
    prepare_folder(link, &path, model.file_bytes)?;
    link.notify(Notice::MakingOnDevice { model: &model.name, bytes: model.file_bytes });
    let spec = ModelSpec { shape: shape.to_string(), types: options.types.to_string(), seed: options.seed };
    let spec = serde_json::to_string(&spec).unwrap_or_default();
    let script = format!("{} make --spec {} --out {}", quote(agent), quote(&spec), quote(&path));
    link.retrying(|link| stdout_if_ok(link.serial(), &link.run_with_idle_timeout(&script, IDLE_TIMEOUT)?))?;
    Ok(path)
}
