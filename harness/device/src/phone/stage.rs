//! Models on the phone. A synthetic model is made there from its shape, and its hash kept
//! beside it. A file is sent once and kept under its hash, as are the files of a compiled
//! model. All are hashed before they are measured.

use super::{
    error::stage_error,
    names::file_name_part,
    remote_file::{Presence, RemoteFile, prepare_folder},
    retrying_link::{RetryingLink, stdout_if_ok},
    stage_compiled,
    timeouts::COMMAND_TIMEOUT,
};
use crate::{LinkError, Notice, StagedModel, quote};
use slm_models::{Made, MakeOptions, Shape, SplitName, cache_file_name};
use slm_plan::{FilePart, ModelSource, PlannedModel, model_sha256};
use slm_protocol::{Failure, ModelSpec};
use slm_provision::StageError;
use std::{iter, path::Path, time::Duration};

/// The agent prints a line a second while it makes a model.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// How often a model is made before a damaged file counts as a failure.
const ATTEMPTS: u32 = 3;

/// Makes a model available and gives its path on the phone.
pub(super) fn stage(
    link: &RetryingLink,
    root: &str,
    agent: &str,
    model: &PlannedModel,
) -> Result<StagedModel, StageError> {
    if let ModelSource::Pending { from } = &model.source {
        let message = format!("{} was not provided (from {from})", model.name);
        return Err(StageError { failure: Failure::LoadFailed, message });
    }
    let staged = link.waiting_for_space(|| match &model.source {
        ModelSource::Compiled(source) => stage_compiled::stage(link, root, &model.name, source),
        ModelSource::Nothing | ModelSource::Pending { .. } => Ok(StagedModel::default()),
        ModelSource::File { path, sha256, further } => {
            send(link, root, model, (path, sha256), further).map(StagedModel::file)
        }
        ModelSource::Shape { shape, types, seed } => {
            let options = MakeOptions { types: *types, seed: *seed };
            let path = format!("{root}/models/{}", cache_file_name(&model.name, shape, &options));
            MadeModel { link, agent, model, shape, options, path }.stage().map(StagedModel::file)
        }
    });
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
        remote.place(link, file)?;
    }
    Ok(names.into_iter().next().unwrap_or_default())
}

/// A synthetic model on a phone.
struct MadeModel<'a> {
    link: &'a RetryingLink,
    agent: &'a str,
    model: &'a PlannedModel,
    shape: &'a Shape,
    options: MakeOptions,
    path: String,
}

impl MadeModel<'_> {
    /// Makes it unless it is there whole, and gives its path.
    fn stage(self) -> Result<String, LinkError> {
        let mut record = self.read_record()?;
        for _ in 0..=ATTEMPTS {
            if let Some((sha256, bytes)) = &record
                && self.file(sha256, *bytes).presence(self.link)? == Presence::Whole
            {
                return Ok(self.path);
            }
            record = Some(self.make()?);
        }
        let why = format!("{} was damaged each of {ATTEMPTS} times it was made", self.path);
        Err(LinkError::Refused { serial: self.link.serial().to_owned(), why })
    }

    fn file<'f>(&'f self, sha256: &'f str, bytes: u64) -> RemoteFile<'f> {
        RemoteFile { path: &self.path, sha256, bytes, mode: "644" }
    }

    /// Hash and size of what was made, by the record beside it.
    fn read_record(&self) -> Result<Option<(String, u64)>, LinkError> {
        let script = format!("cat {} 2> /dev/null; true", quote(&self.record()));
        Ok(parse_record(&self.link.run_checked(&script, COMMAND_TIMEOUT)?))
    }

    fn record(&self) -> String {
        format!("{}.sha256", self.path)
    }

    /// Makes it anew and records its hash and size, by the agent's word.
    fn make(&self) -> Result<(String, u64), LinkError> {
        let Self { link, agent, model, .. } = self;
        let (path, record) = (quote(&self.path), quote(&self.record()));
        // What is there takes the space of the new one.
        link.run_checked(&format!("rm -f {path} {record}"), COMMAND_TIMEOUT)?;
        prepare_folder(link, &self.path, model.file_bytes)?;
        link.notify(Notice::MakingOnDevice { model: &model.name, bytes: model.file_bytes });
        let types = self.options.types.to_string();
        let spec = ModelSpec { shape: self.shape.to_string(), types, seed: self.options.seed };
        let spec = serde_json::to_string(&spec).unwrap_or_default();
        let script = format!("{} make --spec {} --out {path}", quote(agent), quote(&spec));
        let printed = link.retrying(|link| {
            stdout_if_ok(link.serial(), &link.run_with_idle_timeout(&script, IDLE_TIMEOUT)?)
        })?;
        let made: Option<Made> = printed.lines().last().and_then(|line| serde_json::from_str(line).ok());
        // The agent of an earlier request may have made it, and told nobody.
        let (sha256, bytes) = match made {
            Some(made) => (made.sha256, made.bytes),
            None => self.hash()?,
        };
        let script = format!(
            "echo {sha256} {bytes} > {record}.part && mv {record}.part {record}",
            sha256 = quote(&sha256)
        );
        link.run_checked(&script, COMMAND_TIMEOUT)?;
        Ok((sha256, bytes))
    }

    /// Hash and size of what is there.
    fn hash(&self) -> Result<(String, u64), LinkError> {
        let path = quote(&self.path);
        let script = format!("echo $(sha256sum < {path} | cut -d ' ' -f 1) $(wc -c < {path})");
        let output = self.link.run_long(&script, Duration::from_hours(1))?;
        let printed = stdout_if_ok(self.link.serial(), &output)?;
        parse_record(&printed).ok_or_else(|| LinkError::Refused {
            serial: self.link.serial().to_owned(),
            why: format!("{} cannot be hashed", self.path),
        })
    }
}

/// `HASH BYTES`
fn parse_record(text: &str) -> Option<(String, u64)> {
    let mut words = text.split_whitespace();
    let sha256 =
        words.next().filter(|word| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit()))?;
    Some((sha256.to_owned(), words.next()?.parse().ok()?))
}
