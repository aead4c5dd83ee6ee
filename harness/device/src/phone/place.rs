//! Models on the phone. A synthetic one is made there from its shape; a file is sent
//! once, and kept under its hash; so are the files of a compiled one.

use super::{
    compiled,
    deliver::{Wanted, make_room},
    reach::{Reach, succeeded},
};
use crate::{LinkError, Notice, Placed, quote};
use slm_models::{MakeOptions, Shape, cache_file_name};
use slm_plan::{ModelSource, PlannedModel};
use slm_protocol::{Failure, ModelSpec};
use slm_provision::PlaceError;
use std::{path::Path, time::Duration};

/// The agent prints a line a second while it makes a model.
const SILENCE: Duration = Duration::from_mins(1);

/// Makes a model available and tells its path on the phone.
pub(super) fn place(
    reach: &Reach,
    root: &str,
    agent: &str,
    model: &PlannedModel,
) -> Result<Placed, PlaceError> {
    let placed = match &model.source {
        ModelSource::Compiled(source) => compiled::place(reach, root, &model.name, source),
        ModelSource::Nothing => Ok(Placed::default()),
        ModelSource::Pending { from } => {
            let message = format!("{} was not provided (from {from})", model.name);
            return Err(PlaceError { failure: Failure::LoadFailed, message });
        }
        ModelSource::File { path, sha256 } => {
            send(reach, root, model, Path::new(path), sha256).map(Placed::file)
        }
        ModelSource::Shape { shape, types, seed } => {
            let options = MakeOptions { types: *types, seed: *seed };
            make(reach, root, agent, model, shape, options).map(Placed::file)
        }
    };
    placed.map_err(|error| trouble(&error))
}

/// What a row says of a model that cannot be placed.
pub(super) fn trouble(error: &LinkError) -> PlaceError {
    let failure = match error {
        LinkError::NoSpace { .. } => Failure::DiskFull,
        LinkError::Refused { .. } => Failure::LoadFailed,
        _ => Failure::DeviceLost,
    };
    PlaceError { failure, message: error.to_string() }
}

fn send(
    reach: &Reach,
    root: &str,
    model: &PlannedModel,
    file: &Path,
    sha256: &str,
) -> Result<String, LinkError> {
    let path = format!("{root}/models/{}-{}.gguf", &sha256[..sha256.len().min(16)], safe_name(&model.name));
    let wanted = Wanted { path: &path, sha256, bytes: model.file_bytes, mode: "644" };
    if !wanted.is_there(reach)? {
        reach.tell(Notice::Sending { model: &model.name, bytes: model.file_bytes, files: 1 });
        wanted.deliver(reach, file)?;
    }
    Ok(path)
}

/// A model's name as part of a file's: only for people who look at the phone.
pub(super) fn safe_name(name: &str) -> String {
    name.chars().take(60).map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

fn make(
    reach: &Reach,
    root: &str,
    agent: &str,
    model: &PlannedModel,
    shape: &Shape,
    options: MakeOptions,
) -> Result<String, LinkError> {
    let path = format!("{root}/models/{}", cache_file_name(&model.name, shape, &options));
    let there = format!("[ -f {} ] && echo yes; true", quote(&path));
    if reach.ok(&there, Duration::from_secs(10))?.trim() == "yes" {
        return Ok(path);
    }
    make_room(reach, &path, model.file_bytes)?;
    reach.tell(Notice::MakingThere { model: &model.name, bytes: model.file_bytes });
    let spec = ModelSpec { shape: shape.to_string(), types: options.types.to_string(), seed: options.seed };
    let spec = serde_json::to_string(&spec).unwrap_or_default();
    let script = format!("{} make --spec {} --out {}", quote(agent), quote(&spec), quote(&path));
    reach.retrying(|link| succeeded(link.serial(), &link.run_while_heard(&script, SILENCE)?))?;
    Ok(path)
}
