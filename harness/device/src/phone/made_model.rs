//! Synthetic models made on a phone, each with a record of its hash and size beside it.

use super::{
    content::{Content, is_sha256},
    disk::{prepare_folder, with_figures},
    remote_file::RemoteFile,
    retrying_link::{RetryingLink, stdout_if_ok},
    timeouts::COMMAND_TIMEOUT,
};
use crate::{LinkError, Notice, quote};
use slm_models::{Made, MakeOptions, Shape};
use slm_plan::PlannedModel;
use slm_protocol::ModelSpec;
use std::time::Duration;

/// The agent prints a line a second while it makes a model.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// How often a model is made before a damaged file counts as a failure.
const ATTEMPTS: u32 = 3;

/// A synthetic model on a phone.
pub(super) struct MadeModel<'a> {
    pub(super) link: &'a RetryingLink,
    /// The agent that makes it, by its path on the phone.
    pub(super) agent: &'a str,
    pub(super) model: &'a PlannedModel,
    pub(super) shape: &'a Shape,
    pub(super) options: MakeOptions,
    /// Its path on the phone.
    pub(super) path: String,
}

impl MadeModel<'_> {
    /// Makes it unless it is there whole, and gives its path. Space is waited for.
    pub(super) fn stage(self) -> Result<String, LinkError> {
        if let Some(record) = self.read_record()?
            && self.is_whole(&record)?
        {
            return Ok(self.path);
        }
        for _ in 0..ATTEMPTS {
            let record = self.link.waiting_for_space(|| self.make())?;
            if self.is_whole(&record)? {
                return Ok(self.path);
            }
        }
        let why = format!("{} was damaged each of {ATTEMPTS} times it was made", self.path);
        Err(LinkError::Refused { serial: self.link.serial().to_owned(), why })
    }

    /// Whether it is there as recorded.
    fn is_whole(&self, (sha256, bytes): &(String, u64)) -> Result<bool, LinkError> {
        RemoteFile { path: &self.path, sha256, bytes: *bytes, mode: "644" }.exists(self.link)
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
        let full = |error| with_figures(error, link, &self.path, Some(model.file_bytes));
        let printed = link.retrying(|link| {
            stdout_if_ok(link.serial(), &link.run_with_idle_timeout(&script, IDLE_TIMEOUT)?)
        });
        let printed = printed.map_err(full)?;
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
        link.run_checked(&script, COMMAND_TIMEOUT).map_err(full)?;
        Ok((sha256, bytes))
    }

    /// Hash and size of what is there.
    fn hash(&self) -> Result<(String, u64), LinkError> {
        let content = Content::of_any_size(self.link, &self.path)?;
        let found = content.and_then(|content| Some((content.sha256?, content.bytes)));
        found.ok_or_else(|| LinkError::Refused {
            serial: self.link.serial().to_owned(),
            why: format!("{} was not made", self.path),
        })
    }
}

/// `HASH BYTES`
fn parse_record(text: &str) -> Option<(String, u64)> {
    let mut words = text.split_whitespace();
    let sha256 = words.next().filter(|word| is_sha256(word))?;
    Some((sha256.to_owned(), words.next()?.parse().ok()?))
}
