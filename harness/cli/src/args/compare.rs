//! Arguments of `bench compare`.

use super::shares::parse_share;
use clap::{Args, ValueEnum};
use slm_decide::compare::{Gate, Setting};
use std::path::PathBuf;
use strum::VariantArray;

/// Set two results beside each other
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "BASELINE and CANDIDATE are a results folder, a summary CSV (such as results/baselines/slimlm-s24.csv), \
                  or what `llama-bench -o json` or `-o csv` wrote. docs/comparisons.md says how verdicts are found."
)]
pub struct CompareArgs {
    /// What to compare against
    pub baseline: PathBuf,
    /// What is compared
    pub candidate: PathBuf,
    /// What two equal sweeps on the device differ by at most, such as 3%: noise, on top of what runs differ by [default: 15%; memory 5%]
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    pub noise: Option<f64>,
    /// Take the noise from equal sweeps of the device: a folder that `bench sweep` wrote, or a parent of such
    /// folders; may be repeated
    #[arg(long, value_name = "DIR", conflicts_with = "noise")]
    pub history: Vec<PathBuf>,
    /// Settings in which the two may differ, separated by commas; else such cells get no verdict
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = parse_setting)]
    pub across: Vec<Setting>,
    /// Compare the candidate's model B with the baseline's model A; may be repeated
    #[arg(long, value_name = "A=B", value_parser = parse_pair)]
    pub map: Vec<(String, String)>,
    /// Only the baseline's cells of engine A and the candidate's of engine B, such as `llama.cpp=tvm-relax-vm`: sets
    /// the engines of one sweep beside each other, whose folder is then given twice
    #[arg(long, value_name = "A=B", value_parser = parse_pair)]
    pub backends: Option<(String, String)>,
    /// Set every model of the candidate against all of the baseline's, by size
    #[arg(long, conflicts_with = "map")]
    pub against_all: bool,
    /// Exit with 1 when something regressed, or when it cannot be told that nothing did
    #[arg(long)]
    pub fail_on_regression: bool,
    /// Also write the candidate's cells of exact prompt length as llama-bench does (.json or .csv)
    #[arg(long, value_name = "FILE")]
    pub export_llama_bench: Option<PathBuf>,
    /// Form of the data on stdout
    #[arg(long, value_enum, default_value_t = CompareOutput::Text)]
    pub output: CompareOutput,
    /// What the gate of --fail-on-regression lets pass.
    #[command(flatten)]
    pub gate: GateArgs,
}

/// What a gate lets pass.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "With --fail-on-regression")]
pub struct GateArgs {
    /// Pass although cells or figures of the baseline are missing
    #[arg(long, requires = "fail_on_regression")]
    allow_missing: bool,
    /// Pass although figures have too few runs to be tested
    #[arg(long, requires = "fail_on_regression")]
    allow_untestable: bool,
    /// Fail where a change of this size could have gone unseen
    #[arg(long, value_name = "SHARE", value_parser = parse_share, default_value = "25%", requires = "fail_on_regression")]
    must_detect: f64,
    /// Fail where fewer of a cell's trials are valid
    #[arg(long, value_name = "SHARE", value_parser = parse_share, default_value = "50%", requires = "fail_on_regression")]
    min_valid: f64,
}

impl From<GateArgs> for Gate {
    fn from(args: GateArgs) -> Self {
        let GateArgs { allow_missing, allow_untestable, must_detect, min_valid } = args;
        Self { allow_missing, allow_untestable, must_detect, min_valid }
    }
}

/// Forms of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompareOutput {
    /// For people
    Text,
    /// For programs
    Json,
    /// For a pull request
    Markdown,
}

fn parse_setting(text: &str) -> Result<Setting, String> {
    let names: Vec<&str> = Setting::VARIANTS.iter().map(Setting::into_str).collect();
    text.parse().map_err(|_| format!("give one of {}", names.join(", ")))
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((a, b)) if !a.is_empty() && !b.is_empty() => Ok((a.to_owned(), b.to_owned())),
        _ => Err("give two names as BASELINE=CANDIDATE".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_settings_are_read() {
        assert_eq!(parse_setting("flash-attention"), Ok(Setting::FlashAttention));
        assert!(parse_setting("colour").unwrap_err().contains("threads"));
        assert_eq!(parse_pair("a=b"), Ok(("a".into(), "b".into())));
        assert!(["a", "=b", "a="].iter().all(|text| parse_pair(text).is_err()));
    }
}
