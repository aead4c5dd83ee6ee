//! A row of `trials.csv`, as far as analyses need it.

use super::{Context, Metric, check};
use crate::analysis::{Status, Verdict};
use slm_protocol::Failure;

/// One trial. Strings are reused from row to row by [`Trials::read`](super::Trials::read).
/// Metrics are `None` where the file has none; others are finite and above 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// `t0001`…; unique with `device`.
    pub trial_id: String,
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
    /// Prompt.
    pub prompt_id: String,
    /// Parameters of the model.
    pub params: Option<u64>,
    /// Chunks of context.
    pub chunks: Option<u8>,
    /// Exact length of the prompt, where that was asked for.
    pub prompt_tokens: Option<u32>,
    /// From 1.
    pub repetition: u32,
    /// Whether it was a warm-up.
    pub warmup: bool,
    /// How it ended.
    pub status: Status,
    /// Why it has no figures.
    pub failure: Option<Failure>,
    /// Whether it can be trusted.
    pub verdict: Option<Verdict>,
    /// Why not, or the evidence of the failure. Untrusted text.
    pub verdict_reason: String,
    /// Nominal input tokens.
    pub n_in_nominal: Option<u32>,
    /// Input tokens.
    pub n_in: Option<u32>,
    /// Output tokens.
    pub n_out: Option<u32>,
    /// Start of the agent to model ready, seconds.
    pub load_s: Option<f64>,
    /// Time to first token, seconds.
    pub ttft_s: Option<f64>,
    /// Prefill alone, seconds.
    pub prefill_s: Option<f64>,
    /// Input tokens per second.
    pub itps: Option<f64>,
    /// Output tokens per second.
    pub otps: Option<f64>,
    /// Median time between output tokens, milliseconds.
    pub tpot_p50_ms: Option<f64>,
    /// 90th percentile of the same.
    pub tpot_p90_ms: Option<f64>,
    /// 99th percentile of the same.
    pub tpot_p99_ms: Option<f64>,
    /// Request to last token, seconds.
    pub runtime_s: Option<f64>,
    /// Highest resident set, MiB.
    pub rss_peak_mib: Option<f64>,
    /// Compute threads.
    pub threads: Option<u32>,
    /// Flash attention: `Some(true)` is on.
    pub flash_attention: Option<bool>,
    /// Energy, joules.
    pub energy_j: Option<f64>,
    /// When it began; RFC 3339.
    pub started_at: String,
}

impl Default for Trial {
    fn default() -> Self {
        Self {
            trial_id: String::new(),
            device: String::new(),
            backend: String::new(),
            model: String::new(),
            weights: String::new(),
            quant: String::new(),
            prompt_id: String::new(),
            params: None,
            chunks: None,
            prompt_tokens: None,
            repetition: 0,
            warmup: false,
            status: Status::Skipped,
            failure: None,
            verdict: None,
            verdict_reason: String::new(),
            n_in_nominal: None,
            n_in: None,
            n_out: None,
            load_s: None,
            ttft_s: None,
            prefill_s: None,
            itps: None,
            otps: None,
            tpot_p50_ms: None,
            tpot_p90_ms: None,
            tpot_p99_ms: None,
            runtime_s: None,
            rss_peak_mib: None,
            threads: None,
            flash_attention: None,
            energy_j: None,
            started_at: String::new(),
        }
    }
}

impl Trial {
    /// The context length of its cell.
    pub fn context(&self) -> Context {
        let n_in = self.n_in.or(self.n_in_nominal).map(f64::from);
        check::context(self.chunks, self.prompt_tokens, n_in)
    }

    /// Whether it is no warm-up, was completed and nothing spoke against it.
    pub fn is_valid(&self) -> bool {
        self.is_measured() && self.verdict == Some(Verdict::Valid)
    }

    /// Whether it is no warm-up and was completed.
    pub fn is_measured(&self) -> bool {
        !self.warmup && self.status == Status::Completed
    }

    /// The figure of a metric.
    pub fn figure(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Itps => self.itps,
            Metric::Otps => self.otps,
            Metric::Ttft => self.ttft_s,
            Metric::Runtime => self.runtime_s,
            Metric::Memory => self.rss_peak_mib,
        }
    }
}
