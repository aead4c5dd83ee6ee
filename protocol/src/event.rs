//! What an agent reports while it runs.

use crate::{
    AgentFacts, BufferSizes, Failure, MemoryReading, ModelFacts, Probe, ResolvedOptions, TrialReport, Version,
};
use serde::{Deserialize, Serialize};

/// One line on the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Version of the line.
    pub v: Version,
    /// Sequence number from 0 without gaps, so that a lost line is seen.
    pub seq: u64,
    /// When it was sent; nanoseconds since the agent's start, monotonic.
    pub at_ns: u64,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// First event: who the agent is.
    Hello(Box<AgentFacts>),
    /// The model is loaded and the prompts are prepared.
    Ready(Box<Ready>),
    /// The model cannot be used; no trial follows.
    LoadFailed {
        /// Cause.
        failure: Failure,
        /// One line for people, with the engine's own words.
        message: String,
    },
    /// A trial begins.
    TrialStarted {
        /// Which.
        trial_id: String,
    },
    /// A sign of life within a trial; for display, never stored.
    Progress(Progress),
    /// A trial is over, well or not.
    TrialFinished(Box<TrialReport>),
    /// A reading of a sensor.
    Telemetry(Sample),
    /// A sign of life, once a second as long as the agent runs, also while it loads;
    /// never stored.
    Heartbeat,
    /// How fast the device is at this moment: before the first trial and after the last.
    Probe(Probe),
    /// The next trial had to wait until the device was cool.
    CoolDown(CoolDownReport),
    /// Last event of a run that reached its end.
    Done {
        /// Trials reported.
        trials: u64,
    },
    /// An event of a newer minor version, which this build need not understand.
    #[serde(other)]
    Unknown,
}

/// The model is loaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ready {
    /// How the load went.
    pub load: LoadReport,
    /// What was loaded.
    pub model: ModelFacts,
    /// What the engine was set to.
    pub options: ResolvedOptions,
    /// Buffer sizes.
    pub buffers: BufferSizes,
    /// Devices the engine computes on, by its own report (`CPU`).
    pub devices: Vec<String>,
    /// Memory of the process after loading.
    pub memory: MemoryReading,
    /// The fastest that this machine read a buffer of the model's size, from begin to end and
    /// again, with the same threads; bytes per second. Bounds plausible decode rates. `None`
    /// where the engine does not compute on the CPU, and where there was no memory for it.
    pub memory_bandwidth: Option<f64>,
    /// The prompts as the model sees them, in the job's order.
    pub prompts: Vec<PromptReport>,
    /// Lines of the engine's log that prove what was set up.
    pub engine_log: Vec<String>,
    /// How the number of threads was chosen, where the job left it to a calibration.
    pub calibration: Option<Calibration>,
    /// What the user should know once, such as a gate without sensors.
    pub notes: Vec<String>,
}

/// How the number of threads was chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// What was tried, in order.
    pub steps: Vec<CalibrationStep>,
    /// The count chosen.
    pub threads: u32,
    /// Time that it took, nanoseconds; not part of any load time.
    pub took_ns: u64,
}

/// One number of threads, tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalibrationStep {
    /// Threads.
    pub threads: u32,
    /// Decode steps timed.
    pub steps: u32,
    /// Median time of a step, nanoseconds.
    pub median_ns: u64,
}

/// A wait for a cooler device, before a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoolDownReport {
    /// The trial that waited.
    pub trial_id: String,
    /// How long, milliseconds.
    pub waited_ms: u64,
    /// Hottest sensor at the beginning, degrees Celsius.
    pub from_c: f64,
    /// Hottest sensor at the end, degrees Celsius.
    pub to_c: f64,
    /// Where it had to come to, degrees Celsius.
    pub limit_c: f64,
    /// Name of the sensor that was hottest at the end.
    pub sensor: String,
    /// Whether it came there before the time-out.
    pub reached: bool,
}

/// How the load went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadReport {
    /// Process start (0) to model and context ready, nanoseconds.
    pub ready_ns: u64,
    /// Size of the model file, bytes.
    pub file_bytes: u64,
    /// Share of the file that was in the page cache before loading, 0 to 1: below
    /// 0.1 the load was cold, above 0.9 warm. `None` where the kernel does not say.
    pub cached_fraction: Option<f64>,
}

/// A prompt as the model sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PromptReport {
    /// Identifier from the job.
    pub id: String,
    /// Tokens by the model's own tokenizer, special ones included; `None` where the
    /// engine tokenizes within the trial.
    pub n_in: Option<u32>,
    /// SHA-256 of the text given to the tokenizer (after the chat template), or to an
    /// engine that applies its own template.
    pub text_sha256: String,
    /// SHA-256 of the token ids as little-endian 32-bit integers; `None` as above.
    pub tokens_sha256: Option<String>,
    /// Whether the chat template was applied.
    pub templated: bool,
    /// Begin of the text given to the tokenizer, of the job's first prompt alone: for
    /// people to see.
    pub text: Option<String>,
    /// Why trials with this prompt cannot run (too long for the model, say).
    pub unsupported: Option<String>,
}

/// Where a running trial is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Which trial.
    pub trial_id: String,
    /// Output tokens so far.
    pub n_out: u32,
    /// Prompt tokens.
    pub n_in: u32,
    /// Time over the prompt, nanoseconds.
    pub prefill_ns: u64,
    /// Time since the first output token, nanoseconds.
    pub decode_ns: u64,
}

/// A reading of a sensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Wall clock, nanoseconds since the Unix epoch.
    pub unix_ns: u64,
    /// The trial it belongs to, if any.
    pub trial_id: Option<String>,
    /// Sensor name (`cpu0-frequency`, `thermal-battery`).
    pub sensor: String,
    /// Value in `unit`.
    pub value: f64,
    /// Unit (`MHz`, `C`, `B`).
    pub unit: String,
}
