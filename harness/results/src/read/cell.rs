//! A row of a summary, with valid values only.

use slm_protocol::Failure;
use slm_stats::Interval;
use std::fmt;

/// The context length of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    /// So many chunks of a document after a request; 0: a question alone.
    Chunks(u8),
    /// A prompt of exactly so many tokens.
    Tokens(u32),
    /// Not told: in format 1.0, a cell of exact prompts of which no trial was completed.
    Unknown,
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Context::Chunks(1) => f.write_str("1 chunk"),
            Context::Chunks(k) => write!(f, "{k} chunks"),
            Context::Tokens(1) => f.write_str("1 token"),
            Context::Tokens(n) => write!(f, "{n} tokens"),
            Context::Unknown => f.write_str("?"),
        }
    }
}

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

/// The figures that two cells are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// Input tokens per second.
    Itps,
    /// Output tokens per second.
    Otps,
    /// Time to first token.
    Ttft,
    /// Request to last token.
    Runtime,
    /// Peak resident set.
    Memory,
}

impl Metric {
    /// All of them, in the order of the tables.
    pub const ALL: [Self; 5] = [Self::Itps, Self::Otps, Self::Ttft, Self::Runtime, Self::Memory];

    /// Its column in the files.
    pub fn column(self) -> &'static str {
        match self {
            Self::Itps => "itps",
            Self::Otps => "otps",
            Self::Ttft => "ttft_s",
            Self::Runtime => "runtime_s",
            Self::Memory => "rss_peak_mib",
        }
    }

    /// Its heading, with the unit.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Itps => "ITPS (t/s)",
            Self::Otps => "OTPS (t/s)",
            Self::Ttft => "TTFT (s)",
            Self::Runtime => "Runtime (s)",
            Self::Memory => "Memory (MiB)",
        }
    }

    /// Whether more is better: true of rates, false of times and memory.
    pub fn more_is_better(self) -> bool {
        matches!(self, Self::Itps | Self::Otps)
    }
}

impl Cell {
    /// The figure of a metric.
    pub fn estimate(&self, metric: Metric) -> Option<Estimate> {
        match metric {
            Metric::Itps => self.itps,
            Metric::Otps => self.otps,
            Metric::Ttft => self.ttft_s,
            Metric::Runtime => self.runtime_s,
            Metric::Memory => self.rss_peak_mib.map(|mean| Estimate { mean, interval: None }),
        }
    }
}
