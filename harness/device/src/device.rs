//! What the harness asks of a device, whatever kind it is.

use crate::{AgentRun, readiness::PrepareRequest};
use slm_plan::{
    Capabilities, PlannedModel,
    error::{Error, Result},
};
use slm_protocol::{AgentFacts, CompiledModel, Job};
use slm_provision::StageError;
use slm_results::condition::{Facts, Preparation};

/// A device that agents run on. Several are driven at once, each by a thread.
pub trait Device: Send + Sync {
    /// Name, as in the tables.
    fn name(&self) -> &str;

    /// What it is, whatever name it goes by: two devices of one unit are one device.
    fn unit(&self) -> String {
        self.name().to_owned()
    }

    /// Asks the agent who it is, without loading anything.
    ///
    /// # Errors
    /// No agent, or one of another protocol version.
    fn hello(&self) -> Result<AgentFacts>;

    /// Claims the device for one sweep, until the claim is dropped.
    ///
    /// # Errors
    /// [`Error::Input`] when another sweep holds it.
    fn claim(&self, sweep: &str) -> Result<Claim>;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Checks, changing nothing, whether [`Device::prepare`] would refuse the request now.
    ///
    /// # Errors
    /// As [`Device::prepare`].
    fn check(&self, request: &PrepareRequest) -> Result<()> {
        match request.settings.first() {
            None => Ok(()),
            Some(setting) => {
                let what = format!("--{} cannot be changed on {}", setting.into_str(), self.name());
                Err(Error::input(what, "leave it out, or give a device that can"))
            }
        }
    }

    /// Checks whether the device can be measured as it is, and changes the settings that
    /// were asked for until [`Device::restore`] or the end of the claim, which must be held.
    /// `None` where the device has nothing to check or to change.
    ///
    /// # Errors
    /// [`Error::Device`] when it cannot be measured; [`Error::Input`] for a setting that
    /// cannot be changed. No setting stays changed then.
    fn prepare(&self, request: &PrepareRequest) -> Result<Option<Preparation>> {
        self.check(request).map(|()| None)
    }

    /// Restores the settings and gives the device's state after that. `None` as above.
    ///
    /// # Errors
    /// [`Error::Device`] when it cannot be reached or a setting cannot be restored.
    fn restore(&self) -> Result<Option<Facts>> {
        Ok(None)
    }

    /// Makes a model available on the device and gives its path there.
    ///
    /// # Errors
    /// The cause and the evidence, for the rows of the model's trials.
    fn stage_model(&self, model: &PlannedModel) -> std::result::Result<StagedModel, StageError>;

    /// Starts an agent on a job.
    ///
    /// # Errors
    /// [`StartError`]
    fn start(&self, name: RunName<'_>, job: &Job) -> std::result::Result<Box<dyn AgentRun>, StartError>;

    /// Takes over the last run of this name, which goes on (or went on to its end) without
    /// the host that started it. Its events are read from the first.
    ///
    /// # Errors
    /// [`StartError`]
    fn adopt(&self, _name: RunName<'_>) -> std::result::Result<Option<Box<dyn AgentRun>>, StartError> {
        Ok(None)
    }
}

/// A model that is on the device, by paths of the device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StagedModel {
    /// File or folder; empty for the null engine, which has none.
    pub path: String,
    /// What runs a compiled model.
    pub compiled: Option<Box<CompiledModel>>,
}

impl StagedModel {
    /// A model that is one file.
    pub fn file(path: String) -> Self {
        Self { path, compiled: None }
    }
}

/// Names a run, so that a later process finds it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunName<'a> {
    /// The sweep's id; letters and digits.
    pub sweep: &'a str,
    /// The run of the plan, from 1.
    pub run: u32,
    /// Index of the model in the plan.
    pub model: usize,
}

/// Why no agent was started.
#[derive(Debug)]
pub enum StartError {
    /// These trials cannot run: each gets a row that says so.
    Failed(StageError),
    /// No trial can run.
    Refused(Error),
}

/// A claim on a device; dropping it releases the device.
pub struct Claim(Option<Box<dyn FnOnce() + Send>>);

impl Claim {
    /// `release` is called when the claim is dropped.
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
