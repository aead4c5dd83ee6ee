//! `--output`, of every command that prints data.

use clap::{Args, ValueEnum};

/// How data is printed.
#[derive(Clone, Copy, Debug, Args)]
pub struct OutputArgs {
    /// Form of the data on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Text, global = true)]
    pub output: OutputFormat,
}

/// Forms of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people
    Text,
    /// For programs
    Json,
}
