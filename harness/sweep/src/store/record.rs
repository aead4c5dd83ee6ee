//! What `events.jsonl` holds.

use serde::{Deserialize, Serialize};
use slm_protocol::{AgentFacts, CoolDownReport, Failure, Probe, Ready, Sample, TrialReport, Version};
use slm_results::{
    condition::{Facts, Preparation},
    schema::Status,
};

/// One line of `events.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of the line.
    pub format: Version,
    /// From 0, without gaps, over all runs of the sweep.
    pub seq: u64,
    /// When the host had it; RFC 3339.
    pub at: String,
    /// What happened.
    pub event: SweepEvent,
}

/// What happens in a sweep. These events are the only thing that passes from a
/// running sweep to what shows or stores it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum SweepEvent {
    /// A run of the sweep begins: the first, or a resumed one.
    Started {
        /// The command line, word by word.
        command: Vec<String>,
        /// Whether earlier runs were found.
        resumed: bool,
    },
    /// A device was made ready for a resumed sweep; for the first run the manifest has it.
    DevicePrepared {
        /// Device by name.
        device: String,
        /// How it was found, and what was changed.
        condition: Box<Preparation>,
    },
    /// A device has its settings back, at the end of a run.
    DeviceLeft {
        /// Device by name.
        device: String,
        /// Its state then.
        state: Facts,
    },
    /// An agent was started for a run of a model.
    AgentStarted {
        /// Device by name.
        device: String,
        /// The run of the plan, from 1.
        run: u32,
        /// Index of the model in the plan.
        model: usize,
        /// The agent's facts.
        facts: Box<AgentFacts>,
    },
    /// The model is loaded.
    ModelReady {
        /// Device by name.
        device: String,
        /// Index of the model in the plan.
        model: usize,
        /// The engine's own account.
        ready: Box<Ready>,
    },
    /// A trial is running. Not stored.
    TrialStarted {
        /// Device by name.
        device: String,
        /// The trial.
        trial_id: String,
    },
    /// A sign of life within a trial. Not stored.
    Progress {
        /// Device by name.
        device: String,
        /// Where the trial is.
        progress: slm_protocol::Progress,
    },
    /// The agent reported a trial, well or not.
    TrialFinished {
        /// Device by name.
        device: String,
        /// The raw facts.
        report: Box<TrialReport>,
    },
    /// A trial that no report came of.
    TrialLost {
        /// Device by name.
        device: String,
        /// The trial.
        trial_id: String,
        /// `failed` or `skipped`.
        status: Status,
        /// Cause.
        failure: Failure,
        /// Exit status, signal, last words.
        evidence: String,
    },
    /// A device was lost for good; its trials without a row are left for a resumed run.
    DeviceLost {
        /// Device by name.
        device: String,
        /// What was seen.
        reason: String,
    },
    /// A reading of a sensor.
    Telemetry {
        /// Device by name.
        device: String,
        /// The reading.
        sample: Sample,
    },
    /// How fast the device was around the trials of a run.
    Probed {
        /// Device by name.
        device: String,
        /// Index of the model in the plan.
        model: usize,
        /// What was found.
        probe: Probe,
    },
    /// A trial had to wait until the device was cool.
    CoolDown {
        /// Device by name.
        device: String,
        /// How it went.
        report: CoolDownReport,
    },
    /// The run ends, with all trials done or not.
    Ended {
        /// Whether the user interrupted it.
        interrupted: bool,
    },
}

impl SweepEvent {
    /// Whether the event is one that an agent sent, in its own words: as many of these
    /// are kept as the agent sent of their kinds.
    pub fn is_from_agent(&self) -> bool {
        match self {
            SweepEvent::AgentStarted { .. }
            | SweepEvent::ModelReady { .. }
            | SweepEvent::TrialFinished { .. }
            | SweepEvent::Probed { .. }
            | SweepEvent::CoolDown { .. }
            | SweepEvent::Telemetry { .. } => true,
            SweepEvent::Started { .. }
            | SweepEvent::DevicePrepared { .. }
            | SweepEvent::DeviceLeft { .. }
            | SweepEvent::TrialStarted { .. }
            | SweepEvent::Progress { .. }
            | SweepEvent::TrialLost { .. }
            | SweepEvent::DeviceLost { .. }
            | SweepEvent::Ended { .. } => false,
        }
    }

    /// The device it happened on, where it is of one.
    pub fn device(&self) -> Option<&str> {
        match self {
            SweepEvent::DevicePrepared { device, .. }
            | SweepEvent::DeviceLeft { device, .. }
            | SweepEvent::AgentStarted { device, .. }
            | SweepEvent::ModelReady { device, .. }
            | SweepEvent::TrialStarted { device, .. }
            | SweepEvent::Progress { device, .. }
            | SweepEvent::TrialFinished { device, .. }
            | SweepEvent::TrialLost { device, .. }
            | SweepEvent::DeviceLost { device, .. }
            | SweepEvent::Probed { device, .. }
            | SweepEvent::CoolDown { device, .. }
            | SweepEvent::Telemetry { device, .. } => Some(device),
            SweepEvent::Started { .. } | SweepEvent::Ended { .. } => None,
        }
    }

    /// Whether it is a row that holds only until the sweep is resumed: the trial of a
    /// device that went away may have been finished there, and can be measured when
    /// the device is back.
    pub fn is_provisional(&self) -> bool {
        matches!(self, SweepEvent::TrialLost { failure: Failure::DeviceLost, .. })
    }

    /// Whether the event is kept. What only shows life is not.
    pub fn is_stored(&self) -> bool {
        !matches!(self, SweepEvent::Progress { .. } | SweepEvent::TrialStarted { .. })
    }
}
