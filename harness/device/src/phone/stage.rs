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
use slm_models::{MakeOptions, Shape, cache_file_name};
use slm_plan::{ModelSource, PlannedModel};
use slm_protocol::{Failure, ModelSpec};
use slm_provision::StageError;
use std::{path::Path, time::Duration};

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
        ModelSource::File { path, sha256 } => {
            send(link, root, model, Path::new(path), sha256).map(StagedModel::file)
        }
        ModelSource::Shape { shape, types, seed } => {
            let options = MakeOptions { types: *types, seed: *seed };
            make(link, root, agent, model, shape, options).map(StagedModel::file)
        }
    };
    staged.map_err(|error| stage_error(&error))
}

fn send(
    link: &RetryingLink,
    root: &str,
    model: &PlannedModel,
    file: &Path,
    sha256: &str,
) -> Result<String, LinkError> {
    let path =
        format!("{root}/models/{}-{}.gguf", &sha256[..sha256.len().min(16)], file_name_part(&model.name));
    let remote = RemoteFile { path: &path, sha256, bytes: model.file_bytes, mode: "644" };
    if !remote.exists(link)? {
        link.notify(Notice::Sending { model: &model.name, bytes: model.file_bytes, files: 1 });
        remote.ensure(link, file)?;
    }
    Ok(path)
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
