//! `trials.csv`.

use super::{
    context::context,
    fields::Fault,
    on_off::OnOff,
    outcome::{Status, Verdict},
    row::{Check, table},
    thermal::ThermalStatus,
    time::UtcTime,
};
use slm_plan::prompts::Context;
use slm_protocol::{Failure, StopReason};

table! {
    /// A row for each trial that is over, also warm-ups and failures, in the order in which
    /// they ended.
    #[derive(Default)]
    pub struct TrialRow in "trials" {
        /// `t0001`… in the planned order; unique with `device`
        pub trial_id: String,
        /// Device by name
        pub device: String,
        /// SoC or CPU as the device's kernel tells it
        pub soc: Option<String>,
        /// Engine; a sweep may have several, each model one
        pub backend: String,
        /// Model by name
        pub model: String,
        /// `synthetic` or `real`
        pub weights: String,
        /// Weight types
        pub quant: String,
        /// Which of two settings, `a` or `b`; only of `bench ab`
        pub variant: Option<String>,
        /// Parameters of the model
        pub params: u64,
        /// Chunks of context; empty where prompts have an exact length
        pub chunks: Option<u8>,
        /// `q1` question 1; `r2-k3` request 2 with three chunks; `d1-200` 200 tokens of document 1;
        /// `summ1-k2`, `qs1-k2`, `qa1-k2` tasks on two chunks of document 1
        pub prompt_id: String,
        /// The run, from 1: one agent process with one load of the model
        pub run: u32,
        /// From 1 within the run; warm-ups count for themselves
        pub repetition: u32,
        /// Whether it was a warm-up
        pub warmup: bool,
        /// How it ended; `skipped`: its cell had been given up
        pub status: Status,
        /// Why it has no figures
        pub failure: Option<Failure>,
        /// What its figures are worth; only of completed trials
        pub verdict: Option<Verdict>,
        /// Why they are doubted, or the evidence of the failure
        pub verdict_reason: Option<String>,
        /// Checks behind the verdict that could not be made, since device or engine do not tell what they
        /// need: some of `compute`, `bandwidth`, `clocks`, `contention`, `elapsed`, `evaluated-tokens`, spaces between
        pub not_checked: Option<String>,
        /// Input by tiktoken; for exact prompts, the length asked for
        pub n_in_nominal: u32 ["tokens"],
        /// Input by the model's own tokenizer
        pub n_in: Option<u32> ["tokens"],
        /// Output; an end token is not counted, but by `mlc-llm`
        pub n_out: Option<u32> ["tokens"],
        /// What ended the output
        pub stop_reason: Option<StopReason>,
        /// Start of the agent's process to model and context ready
        pub load_s: Option<f64> ["s", Positive],
        /// Text to token ids
        pub tokenize_s: Option<f64> ["s", Positive],
        /// Time to first token: request to the first token sampled, or to the first text
        pub ttft_s: Option<f64> ["s", Positive],
        /// The decode call over the prompt alone
        pub prefill_s: Option<f64> ["s", Positive],
        /// Input tokens per second: `n_in` / `prefill_s`
        pub itps: Option<f64> ["tokens/s", Positive],
        /// Output tokens per second, the first left out
        pub otps: Option<f64> ["tokens/s", Positive],
        /// Median time between output tokens
        pub tpot_p50_ms: Option<f64> ["ms", NotNegative],
        /// 90th percentile of the same
        pub tpot_p90_ms: Option<f64> ["ms", NotNegative],
        /// 99th percentile of the same
        pub tpot_p99_ms: Option<f64> ["ms", NotNegative],
        /// Request to last token, or to the end of the text
        pub runtime_s: Option<f64> ["s", Positive],
        /// Share of the memory bandwidth that decoding used: weight bytes read for a token × `otps` /
        /// the bandwidth that the agent measured
        pub mbu: Option<f64> ["1", Positive],
        /// Highest resident set of the agent's process within the trial
        pub rss_peak_mib: Option<f64> ["MiB", Positive],
        /// Weights in memory, by the engine's own report
        pub model_mib: Option<f64> ["MiB", NotNegative],
        /// KV cache, by the same
        pub kv_cache_mib: Option<f64> ["MiB", NotNegative],
        /// Compute buffers, by the same
        pub compute_mib: Option<f64> ["MiB", NotNegative],
        /// Compute threads that the engine was really set to
        pub threads: Option<u32>,
        /// Flash attention as the engine was really set to
        pub flash_attention: Option<OnOff>,
        /// Android's thermal status, the worst of before and after
        pub thermal_status: Option<ThermalStatus>,
        /// The battery's highest temperature
        pub battery_temp_c: Option<f64> ["°C"],
        /// Energy that the whole device took from its battery
        pub energy_j: Option<f64> ["J", NotNegative],
        /// Start of the trial
        pub started_at: Option<UtcTime>,
        /// Exact length of the prompt, with `--prompt-tokens`
        pub prompt_tokens: Option<u32> ["tokens"],
    }
}

impl Check for TrialRow {
    fn check(&self) -> Result<(), Fault> {
        self.context().map(|_| ())
    }
}

impl TrialRow {
    /// The context length of its cell.
    ///
    /// # Errors
    /// When the row does not tell it; no row that was read or written does not.
    pub fn context(&self) -> Result<Context, Fault> {
        context(self.chunks, self.prompt_tokens)
    }

    /// Whether it is no warm-up and was completed.
    pub fn is_measured(&self) -> bool {
        !self.warmup && self.status == Status::Completed
    }

    /// Whether, beside that, nothing spoke against it.
    pub fn is_valid(&self) -> bool {
        self.is_measured() && self.verdict == Some(Verdict::Valid)
    }
}
