//! What an agent reports of one trial.

use crate::{Failure, Figure};
use serde::{Deserialize, Serialize};

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
    /// Time that passed around the loop in which [`TrialReport::times`] were read, by the
    /// kernel's clock that also runs while the device sleeps, nanoseconds. The times must
    /// account for it.
    pub elapsed_ns: Option<u64>,
    /// What came out, as far as it got.
    pub output: Option<Output>,
    /// Values that only this engine or this study reports.
    pub figures: Vec<Figure>,
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

impl TrialReport {
    /// A trial that failed and of which nothing else is known. `started_unix_ns` is the
    /// wall clock at its start, nanoseconds since the Unix epoch; `message` is the
    /// evidence, one line.
    pub fn failed(
        trial_id: impl Into<String>,
        started_unix_ns: u64,
        failure: Failure,
        message: impl Into<String>,
    ) -> Self {
        Self {
            trial_id: trial_id.into(),
            started_unix_ns,
            outcome: TrialOutcome::Failed { failure, message: message.into() },
            n_in: None,
            n_evaluated: None,
            times: Timestamps::default(),
            elapsed_ns: None,
            output: None,
            figures: Vec::new(),
            rss_peak: None,
            rss_after_prefill: None,
            after_prefill: None,
            at_end: MemoryReading::default(),
            contention: Contention::default(),
        }
    }
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
    /// Whether every sampled logit row was finite; `None` where the engine does not expose them.
    pub logits_finite: Option<bool>,
}

/// What ended an output.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum StopReason {
    /// `max_new_tokens` reached.
    Length,
    /// The model's end-of-generation token.
    EndToken,
    /// Aborted: time-out or interrupt.
    Aborted,
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
