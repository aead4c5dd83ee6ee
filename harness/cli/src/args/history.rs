//! Arguments of `bench history`.

use super::CompareOutput;
use clap::{Args, ValueEnum};
use slm_results::read::Metric;
use std::path::PathBuf;

/// Show every figure over many sweeps: its steps, its drift, and what else changed then
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Figures that engine, model, context, threads or device tell apart are series of their own; five sweeps \
                  of one are needed to tell anything. docs/history.md says how changes are found."
)]
pub struct HistoryArgs {
    /// Folders that `bench sweep` wrote, or parents of such folders
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// Only these figures [default: all]
    #[arg(long, value_name = "LIST", value_enum, value_delimiter = ',')]
    pub metric: Vec<MetricArg>,
    /// Also draw a plot of each figure into this folder, as SVG and PNG
    #[arg(long, value_name = "DIR")]
    pub plot: Option<PathBuf>,
    /// Form of the data on stdout
    #[arg(long, value_enum, default_value_t = CompareOutput::Text)]
    pub output: CompareOutput,
}

/// `--metric`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MetricArg {
    /// Input tokens per second
    Itps,
    /// Output tokens per second
    Otps,
    /// Time to first token
    Ttft,
    /// Request to last token
    Runtime,
    /// Peak memory
    Memory,
}

impl From<MetricArg> for Metric {
    fn from(arg: MetricArg) -> Self {
        match arg {
            MetricArg::Itps => Self::Itps,
            MetricArg::Otps => Self::Otps,
            MetricArg::Ttft => Self::Ttft,
            MetricArg::Runtime => Self::Runtime,
            MetricArg::Memory => Self::Memory,
        }
    }
}
