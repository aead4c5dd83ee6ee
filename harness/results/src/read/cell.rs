//! A cell of a summary, its figures with their intervals.

use slm_plan::prompts::Context;
use slm_protocol::Failure;
use slm_stats::Interval;

/// What tells one cell from another within a summary.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Device name.
    pub device: String,
    /// Engine.
    pub backend: String,
    /// Model name.
    pub model: String,
    /// `synthetic` or `real`.
    pub weights: String,
    /// Weight types.
    pub quant: String,
    /// Which of two settings, where a folder has a model in two.
    pub variant: Option<String>,
    /// Context length.
    pub context: Context,
}

/// A mean over a cell's prompts: finite and above 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Its 95 % interval, where the file has one.
    pub interval: Option<Interval>,
}

/// A cell with its figures; `None` is unknown, never 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Which cell.
    pub key: Key,
    /// `SoC` or CPU.
    pub soc: Option<String>,
    /// Parameters of the model.
    pub params: Option<u64>,
    /// Trials planned, completed, valid.
    pub n_planned: Option<u32>,
    /// Trials that ran to their end.
    pub n_completed: Option<u32>,
    /// Of these, trials without a reason to doubt them.
    pub n_valid: Option<u32>,
    /// Runs with a valid trial, where that is known.
    pub n_runs: Option<u32>,
    /// The commonest failure.
    pub failure: Option<Failure>,
    /// Mean input tokens.
    pub n_in: Option<f64>,
    /// Mean output tokens.
    pub n_out: Option<f64>,
    /// Input tokens per second.
    pub itps: Option<Estimate>,
    /// Output tokens per second.
    pub otps: Option<Estimate>,
    /// Time to the first token, seconds.
    pub ttft_s: Option<Estimate>,
    /// Request to last token, seconds.
    pub runtime_s: Option<Estimate>,
    /// Highest resident set of the agent, MiB.
    pub rss_peak_mib: Option<f64>,
    /// Weights in memory, MiB.
    pub model_mib: Option<f64>,
    /// KV cache, MiB.
    pub kv_cache_mib: Option<f64>,
    /// Compute buffers, MiB.
    pub compute_mib: Option<f64>,
    /// Energy per output token, joules.
    pub energy_j_per_token: Option<f64>,
}
