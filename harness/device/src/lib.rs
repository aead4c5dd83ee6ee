//! Where models are measured. A device starts agents; an agent run gives events
//! and, at its end, evidence of how it ended.

pub mod adb;
pub mod agents;
pub mod death;
mod link;
mod local;
pub mod lock;
mod notice;
mod open;
pub mod phone;
pub mod profile;
pub mod readiness;
mod shell;
#[cfg(test)]
mod testing;

pub use link::Link;
pub use local::Local;
pub use notice::{Notice, Notify};
pub use open::{Opening, PhoneFound, attached, find, open, phones, server};
pub use shell::{LinkError, Shell, ShellOutput, quote};

use readiness::PrepareRequest;
use slm_plan::{
    Capabilities, PlannedModel,
    error::{Error, Result},
};
use slm_protocol::{AgentFacts, CompiledModel, DecodeError, Envelope, Job};
use slm_provision::{PlaceError, local_agent::Exit};
use slm_results::condition::{Facts, Preparation};
use std::time::Duration;

/// A device that agents run on. Several are driven at once, each by a thread.
pub trait Device: Send + Sync {
    /// Name, as in the tables.
    fn name(&self) -> &str;

    /// Asks the agent who it is, without loading anything.
    ///
    /// # Errors
    /// No agent, or one of another protocol version.
    fn hello(&self) -> Result<AgentFacts>;

    /// Takes the device for a sweep, so that no second one disturbs it, until the
    /// claim is dropped.
    ///
    /// # Errors
    /// [`Error::Input`] when another sweep has it.
    fn claim(&self, sweep: &str) -> Result<Claim>;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Looks the device over and changes the settings that were asked for, until
    /// [`Device::settle`] or the end of the claim, which must be held. `None`: there is
    /// nothing to look at or to change.
    ///
    /// # Errors
    /// [`Error::Device`] when it is not fit; [`Error::Input`] for a setting that cannot be
    /// changed. Nothing stays changed then.
    fn prepare(&self, request: &PrepareRequest) -> Result<Option<Preparation>> {
        match request.settings.first() {
            None => Ok(None),
            Some(setting) => {
                let what = format!("--{} cannot be changed on {}", setting.name(), self.name());
                Err(Error::input(what, "leave it out, or give a device that can"))
            }
        }
    }

    /// Puts settings back and tells the device's state then. `None` as above.
    ///
    /// # Errors
    /// [`Error::Device`] when it is away or a setting does not go back.
    fn settle(&self) -> Result<Option<Facts>> {
        Ok(None)
    }

    /// Makes a model available and tells where it is on the device.
    ///
    /// # Errors
    /// The cause and the evidence, for the rows of the model's trials.
    fn place_model(&self, model: &PlannedModel) -> std::result::Result<Placed, PlaceError>;

    /// Starts an agent on a job.
    ///
    /// # Errors
    /// [`StartError`]
    fn start(&self, name: RunName<'_>, job: &Job) -> std::result::Result<Box<dyn AgentRun>, StartError>;

    /// The last run of this name that goes on, or went on, without its host: its
    /// events come again from the first.
    ///
    /// # Errors
    /// [`StartError`]
    fn adopt(&self, _name: RunName<'_>) -> std::result::Result<Option<Box<dyn AgentRun>>, StartError> {
        Ok(None)
    }
}

/// A model on a device, in the device's own paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placed {
    /// File or folder; empty for the null engine, which has none.
    pub path: String,
    /// What runs a compiled model.
    pub compiled: Option<Box<CompiledModel>>,
}

impl Placed {
    /// A model that is one file.
    pub fn file(path: String) -> Self {
        Self { path, compiled: None }
    }
}

/// What a run belongs to, so that a later host finds it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunName<'a> {
    /// The sweep's id; letters and digits.
    pub sweep: &'a str,
    /// Index of the model in the plan.
    pub model: usize,
}

/// Why no agent was started.
#[derive(Debug)]
pub enum StartError {
    /// The trials at hand cannot run: a row for each.
    Failed(PlaceError),
    /// Nothing can run.
    Refused(Error),
}

/// A device that is taken; it is given back when this is dropped.
pub struct Claim(Option<Box<dyn FnOnce() + Send>>);

impl Claim {
    /// `release` gives the device back.
    pub fn new(release: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(release)))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(release) = self.0.take() {
            release();
        }
    }
}

/// What came of waiting for an event.
pub enum Next {
    /// An event.
    Event(Box<Envelope>),
    /// Nothing within the time.
    Quiet,
    /// Nothing within the time, since the device cannot be reached at the moment. Its
    /// agent may go on meanwhile.
    Away,
    /// The stream has ended; ask for [`AgentRun::finish`].
    Ended,
    /// A line that is not understood.
    Garbled(DecodeError),
}

/// An agent that says nothing although its device answers: it is frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// How long by now.
    pub lasts: Duration,
    /// The process's state in the kernel's words, such as `T (stopped)`.
    pub state: String,
}

/// A running agent.
pub trait AgentRun {
    /// Waits for the next event, at most so long.
    fn next(&mut self, wait: Duration) -> Next;

    /// The silence that goes on, where the device can tell it from a lost link.
    fn silence(&self) -> Option<&Silence> {
        None
    }

    /// Ends the agent, gently and then firmly.
    fn stop(&mut self);

    /// Waits for the end and tells how it came.
    fn finish(self: Box<Self>) -> Exit;
}
