//! What an agent reports while it runs.

use crate::{AgentFacts, BufferSizes, Failure, ModelFacts, ResolvedOptions, Version};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Read bandwidth that this machine showed over a buffer of the model's
    /// size with the same threads; bytes per second. Bounds plausible decode rates.
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

/// Everything known about one trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialReport {
    /// Which trial.
    pub trial_id: String,
    /// Wall clock at the start, nanoseconds since the Unix epoch.
    pub started_unix_ns: u64,
    /// How it ended.
    pub outcome: TrialOutcome,
    /// Tokens of the prompt by the model's tokenizer.
    pub n_in: Option<u32>,
    /// Prompt tokens that the engine says it evaluated.
    pub n_evaluated: Option<u32>,
    /// The raw times.
    pub times: Timestamps,
    /// What came out, as far as it got.
    pub output: Option<Output>,
    /// What the engine measured itself, by its own names and definitions.
    pub engine_figures: BTreeMap<String, f64>,
    /// Peak RSS of the process within the trial, bytes.
    pub rss_peak: Option<u64>,
    /// RSS right after prefill, bytes.
    pub rss_after_prefill: Option<u64>,
    /// Memory after prefill in full; warm-ups only, since reading it takes time.
    pub after_prefill: Option<MemoryReading>,
    /// Memory at the end, read outside the measured time.
    pub at_end: MemoryReading,
    /// What else ran meanwhile.
    pub contention: Contention,
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum TrialOutcome {
    /// To its end.
    Completed,
    /// Not to its end.
    Failed {
        /// Cause.
        failure: Failure,
        /// Evidence, one line.
        message: String,
    },
}

/// Raw times of a trial, nanoseconds since the agent's start, monotonic.
/// `None`, or a short `tokens_ns`, where the trial did not get there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timestamps {
    /// The engine has the prompt's text.
    pub request_ns: Option<u64>,
    /// Tokenized.
    pub tokenized_ns: Option<u64>,
    /// Before the decode call over the prompt.
    pub prefill_start_ns: Option<u64>,
    /// After it, logits in hand.
    pub prefill_end_ns: Option<u64>,
    /// Each output token in hand (sampled), the first included; none from an engine that
    /// gives text.
    pub tokens_ns: Vec<u64>,
    /// The first text in hand, from an engine that gives text.
    pub first_text_ns: Option<u64>,
    /// The trial is over.
    pub end_ns: Option<u64>,
}

/// What came out of a trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Output tokens.
    pub n_out: u32,
    /// What ended it.
    pub stop: StopReason,
    /// SHA-256 of the token ids as little-endian 32-bit integers; `None` from an engine
    /// that gives text.
    pub tokens_sha256: Option<String>,
    /// The text, invalid UTF-8 replaced. Untrusted.
    pub text: String,
    /// Whether every sampled logit row was finite; `None` where the engine keeps them.
    pub logits_finite: Option<bool>,
}

/// What ended an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// `max_new_tokens` reached.
    Length,
    /// The model's end-of-generation token.
    EndToken,
    /// Aborted: time-out or interrupt.
    Aborted,
}

impl StopReason {
    /// The name used in every file and table.
    pub fn name(self) -> &'static str {
        match self {
            StopReason::Length => "length",
            StopReason::EndToken => "end-token",
            StopReason::Aborted => "aborted",
        }
    }
}

/// Memory of the agent's process, bytes; never device-wide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryReading {
    /// Resident set.
    pub rss: Option<u64>,
    /// Highest resident set so far.
    pub rss_peak: Option<u64>,
    /// Proportional set.
    pub pss: Option<u64>,
}

/// What else ran on the machine during a trial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Contention {
    /// CPU time of all other processes during the trial, seconds.
    pub other_cpu_s: Option<f64>,
    /// Time that the agent's threads waited for a core while ready to run, seconds.
    pub run_delay_s: Option<f64>,
    /// Load average over a minute, before the trial.
    pub load_average: Option<f64>,
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
