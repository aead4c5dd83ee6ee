//! Arguments of `bench export`.

use super::OutputArgs;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Write the tables of results in another format, for other tools
#[derive(Clone, Debug, Args)]
pub struct ExportArgs {
    /// Folders that `bench sweep` wrote; the rows of all go into one file for each table
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// Format of the files
    #[arg(long, value_enum, default_value_t = ExportFormat::Parquet)]
    pub format: ExportFormat,
    /// Folder for the files, which are replaced [default: exports/<name of the first DIR>]
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Form of the list of files on stdout.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `--format`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// Typed columns, for polars, `DuckDB`, pandas, Spark…
    Parquet,
}
