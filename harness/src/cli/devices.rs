//! `bench devices` as typed.

use super::OutputArgs;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Show what can be measured on
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct DevicesArgs {
    /// What to do; without one, the devices are listed.
    #[command(subcommand)]
    pub command: Option<DevicesCommand>,
    /// Form of the data on stdout.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `bench devices …`
#[derive(Clone, Debug, Subcommand)]
pub enum DevicesCommand {
    /// List the phones that are known by name
    Profiles {
        /// File of profiles of your own, or a folder of them; may be repeated
        #[arg(long, value_name = "FILE")]
        profile: Vec<PathBuf>,
        /// Form of the data on stdout.
        #[command(flatten)]
        output: OutputArgs,
    },
}
