//! `summary.csv`.

use super::{
    context::context,
    fields::Fault,
    row::{Check, table},
};
use slm_plan::prompts::Context;
use slm_protocol::Failure;

table! {
    /// A row for each cell: device, model and context length. Figures are means over
    /// prompts of the valid trials; where there are none, they are empty. Intervals are over runs.
    #[derive(Default)]
    pub struct SummaryRow in "summary" {
        /// Device by name
        pub device: String,
        /// SoC or CPU as the device's kernel tells it
        pub soc: Option<String>,
        /// Engine
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
        pub params: Option<u64>,
        /// Chunks of context; empty where prompts have an exact length
        pub chunks: Option<u8>,
        /// Trials planned, warm-ups left out
        pub n_planned: Option<u32>,
        /// Of these, trials that ran to their end
        pub n_completed: Option<u32>,
        /// Of these, trials that nothing spoke against
        pub n_valid: Option<u32>,
        /// Runs with a valid trial
        pub n_runs: Option<u32>,
        /// The commonest failure
        pub failure: Option<Failure>,
        /// Input by the model's own tokenizer
        pub n_in: Option<f64> ["tokens", NotNegative],
        /// Output
        pub n_out: Option<f64> ["tokens", NotNegative],
        /// Input tokens per second
        pub itps: Option<f64> ["tokens/s", Positive],
        /// Lower end of its 95 % interval
        pub itps_ci_low: Option<f64> ["tokens/s", Positive],
        /// Upper end
        pub itps_ci_high: Option<f64> ["tokens/s", Positive],
        /// Output tokens per second
        pub otps: Option<f64> ["tokens/s", Positive],
        /// Lower end of its 95 % interval
        pub otps_ci_low: Option<f64> ["tokens/s", Positive],
        /// Upper end
        pub otps_ci_high: Option<f64> ["tokens/s", Positive],
        /// Time to first token
        pub ttft_s: Option<f64> ["s", Positive],
        /// Lower end of its 95 % interval
        pub ttft_s_ci_low: Option<f64> ["s", Positive],
        /// Upper end
        pub ttft_s_ci_high: Option<f64> ["s", Positive],
        /// Request to last token
        pub runtime_s: Option<f64> ["s", Positive],
        /// Lower end of its 95 % interval
        pub runtime_s_ci_low: Option<f64> ["s", Positive],
        /// Upper end
        pub runtime_s_ci_high: Option<f64> ["s", Positive],
        /// Share of the memory bandwidth that decoding used
        pub mbu: Option<f64> ["1", Positive],
        /// Highest resident set of any of the trials
        pub rss_peak_mib: Option<f64> ["MiB", NotNegative],
        /// Weights in memory
        pub model_mib: Option<f64> ["MiB", NotNegative],
        /// KV cache
        pub kv_cache_mib: Option<f64> ["MiB", NotNegative],
        /// Compute buffers
        pub compute_mib: Option<f64> ["MiB", NotNegative],
        /// Energy of a trial, prefill included, over its output tokens
        pub energy_j_per_token: Option<f64> ["J", NotNegative],
        /// Exact length of the prompt, with `--prompt-tokens`
        pub prompt_tokens: Option<u32> ["tokens"],
    }
}

/// Columns that a summary from elsewhere, such as the figures of a paper, must have; it may
/// leave out any other.
pub(crate) const BASELINE: [&str; 10] =
    ["device", "backend", "model", "weights", "quant", "chunks", "itps", "otps", "ttft_s", "runtime_s"];

impl Check for SummaryRow {
    fn check(&self) -> Result<(), Fault> {
        let more = |column, many: Option<u32>, of: Option<u32>, name: &str| match many.zip(of) {
            Some((many, of)) if many > of => {
                Err(Fault::new(column, format!("is {many}, more than {name} ({of})")))
            }
            _ => Ok(()),
        };
        more("n_completed", self.n_completed, self.n_planned, "n_planned")?;
        more("n_valid", self.n_valid, self.n_completed, "n_completed")?;
        self.context().map(|_| ())
    }
}

impl SummaryRow {
    /// The context length of the cell.
    ///
    /// # Errors
    /// When the row does not tell it; no row that was read or written does not.
    pub fn context(&self) -> Result<Context, Fault> {
        context(self.chunks, self.prompt_tokens)
    }
}
