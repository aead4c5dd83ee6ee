//! Arguments of `bench compare`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

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
    /// Differences up to this are noise, such as 3% [default: measured from the repetitions]
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    pub noise: Option<f64>,
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
    /// Exit with 1 when something regressed
    #[arg(long)]
    pub fail_on_regression: bool,
    /// Also write the candidate's cells of exact prompt length as llama-bench does (.json or .csv)
    #[arg(long, value_name = "FILE")]
    pub export_llama_bench: Option<PathBuf>,
    /// Seed of intervals and tests
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Form of the data on stdout
    #[arg(long, value_enum, default_value_t = CompareOutput::Text)]
    pub output: CompareOutput,
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

fn parse_share(text: &str) -> Result<f64, String> {
    let (number, unit) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    let share = number.trim().parse::<f64>().ok().map(|number| number / unit);
    share
        .filter(|share| (0.0..1.0).contains(share))
        .ok_or_else(|| "give a share from 0 % to below 100 %, such as 3% or 0.03".into())
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
    fn shares_and_pairs_are_read() {
        assert_eq!((parse_share("3%"), parse_share("0.03"), parse_share("0")), (Ok(0.03), Ok(0.03), Ok(0.0)));
        assert!(["-1%", "100%", "NaN", "few", ""].iter().all(|text| parse_share(text).is_err()));
        assert_eq!(parse_pair("a=b"), Ok(("a".into(), "b".into())));
        assert!(["a", "=b", "a="].iter().all(|text| parse_pair(text).is_err()));
    }
}
