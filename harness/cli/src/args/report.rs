//! Arguments of `bench report`.

use super::OutputArgs;
use clap::Args;
use slm_report::BUDGET_S;
use std::path::PathBuf;

/// Turn results into a report
#[derive(Clone, Debug, Args)]
pub struct ReportArgs {
    /// Folders that `bench sweep` wrote; several become one report
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// Folder for the report; its files are replaced [default: reports/<name of the first DIR>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Figures to compare with: a summary CSV or a results folder
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Time that a whole answer may take, for the verdict, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = BUDGET_S, value_parser = parse_budget)]
    pub max_runtime: f64,
    /// Form of the verdict on stdout.
    #[command(flatten)]
    pub output: OutputArgs,
}

fn parse_budget(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('s').trim().parse::<f64>().ok();
    number
        .filter(|seconds| (0.001..=86_400.0).contains(seconds))
        .ok_or_else(|| "give seconds, from 0.001 to 86400, such as 10".into())
}
