//! A cell with its trials.

use slm_protocol::{Failure, FigureScope};
use slm_results::{
    read::{Cell, Context},
    schema::Verdict,
};
use std::collections::BTreeMap;

/// A cell with its trials.
#[derive(Debug)]
pub struct Measured {
    /// Index of its subject.
    pub subject: usize,
    /// Its row of the summary.
    pub cell: Cell,
    /// Its completed trials, warm-ups left out.
    pub trials: Vec<Point>,
    /// Means of the trials' percentiles of time between tokens: p50, p90, p99; milliseconds.
    pub tpot_ms: Option<[f64; 3]>,
    /// Latencies of the tokens of some trials, milliseconds; the first is the TTFT.
    pub tokens_ms: Vec<Vec<f32>>,
    /// What only its engine or its study reports.
    pub own_figures: BTreeMap<FigureName, OwnFigure>,
    /// Causes of failed and skipped trials, with the evidence of the first.
    pub failures: BTreeMap<Failure, Tally>,
}

/// The figures of a completed trial; NaN where unknown.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Input tokens per second.
    pub itps: f32,
    /// Output tokens per second.
    pub otps: f32,
    /// Time to first token, seconds.
    pub ttft_s: f32,
    /// Request to last token, seconds.
    pub runtime_s: f32,
    /// Its verdict.
    pub verdict: Verdict,
}

/// What tells one figure of an engine's own from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FigureName {
    /// The part of a trial that it covers.
    pub scope: FigureScope,
    /// Its name. Untrusted text.
    pub name: String,
    /// Its unit. Untrusted text.
    pub unit: String,
}

/// A figure of an engine's own, over a cell's valid trials; there is at least one.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnFigure {
    sum: f64,
    count: u32,
}

impl OwnFigure {
    /// Adds a valid trial's value.
    pub(crate) fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    /// Mean and number of trials.
    pub(crate) fn mean(&self) -> (f64, u32) {
        (self.sum / f64::from(self.count), self.count)
    }
}

/// How often something occurred, with the first occurrence as an example.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// How often.
    pub count: u64,
    /// The text of the first. Untrusted text.
    pub example: String,
}

impl Measured {
    /// Whether every completed trial is suspect or throttled, so that there are no figures.
    pub fn is_doubtful(&self) -> bool {
        self.cell.n_valid == Some(0) && self.cell.n_completed.is_some_and(|n| n > 0)
    }

    /// Input tokens: the mean of the cell's prompts, else what was planned.
    pub fn tokens_in(&self) -> f64 {
        self.cell.n_in.unwrap_or_else(|| nominal_tokens(self.cell.key.context))
    }
}

/// Tokens of a context length, about, where nothing was measured.
pub(crate) fn nominal_tokens(context: Context) -> f64 {
    match context {
        Context::Chunks(chunks) => 10.0 + 200.0 * f64::from(chunks),
        Context::Tokens(tokens) => f64::from(tokens),
    }
}
