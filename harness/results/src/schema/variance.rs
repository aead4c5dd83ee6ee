//! `variance.csv`.

use super::{
    context::context,
    fields::Fault,
    row::{Check, table},
};

table! {
    /// A row for each metric of a cell that has valid trials: what its trials vary with. Widths and
    /// standard deviations are of logarithms: 0.03 is about 3 %.
    #[derive(Default)]
    pub struct VarianceRow in "variance" {
        /// Device by name
        pub device: String,
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
        /// Chunks of context; empty where prompts have an exact length
        pub chunks: Option<u8>,
        /// Exact length of the prompt, with `--prompt-tokens`
        pub prompt_tokens: Option<u32> ["tokens"],
        /// `itps`, `otps`, `ttft_s` or `runtime_s`
        pub metric: String,
        /// Runs with a valid trial
        pub runs: u32,
        /// Half of the mean's 95 % interval
        pub half_width: Option<f64> ["1", NotNegative],
        /// Between the means of prompts: they differ in length
        pub sd_prompts: Option<f64> ["1", NotNegative],
        /// Between runs, beyond what their trials explain
        pub sd_runs: Option<f64> ["1", NotNegative],
        /// Of one trial within its run, its prompt's level taken out
        pub sd_trials: Option<f64> ["1", NotNegative],
        /// Runs with which the interval would be half as wide
        pub runs_to_halve: Option<u32>,
    }
}

impl Check for VarianceRow {
    fn check(&self) -> Result<(), Fault> {
        context(self.chunks, self.prompt_tokens).map(|_| ())
    }
}
