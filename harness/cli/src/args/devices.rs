//! `bench devices`, and how phones are reached.

use super::OutputArgs;
use clap::{Args, Subcommand};
use slm_device::adb::ServerAddress;
use std::path::PathBuf;

/// How phones are reached.
#[derive(Clone, Debug, Args)]
pub struct AdbArgs {
    /// The adb server that knows the phones [default: `ANDROID_ADB_SERVER_ADDRESS` and `_PORT`, or 127.0.0.1:5037]
    #[arg(long = "adb-server", value_name = "HOST:PORT", id = "adb_server", global = true)]
    adb_server: Option<ServerAddress>,
}

impl AdbArgs {
    /// The server that was asked for.
    pub fn server(&self) -> Option<&ServerAddress> {
        self.adb_server.as_ref()
    }
}

/// Show what can be measured on
#[derive(Clone, Debug, Args)]
pub struct DevicesArgs {
    /// What to do, if not to list.
    #[command(subcommand)]
    pub command: Option<DevicesCommand>,
    /// File of phone profiles of your own, or a folder of them; may be repeated
    #[arg(long, value_name = "FILE", global = true)]
    pub profile: Vec<PathBuf>,
    /// The adb server.
    #[command(flatten)]
    pub adb: AdbArgs,
    /// Form of the data on stdout.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `bench devices …`
#[derive(Clone, Debug, Subcommand)]
pub enum DevicesCommand {
    /// List the phones that are known by name
    Profiles,
    /// Put back the settings that a sweep changed on phones and could not put back
    Restore {
        /// Only this phone: a profile's name, `serial:…` or `adb://host:port/serial` [default: all that are attached]
        #[arg(long, value_name = "NAME")]
        device: Option<String>,
        /// Give up what cannot be put back: say what it was and forget it
        #[arg(long)]
        forget: bool,
    },
    /// Remove everything that sweeps left on phones: agents, models, unfinished runs
    Clean {
        /// Only this phone: a profile's name, `serial:…` or `adb://host:port/serial` [default: all that are attached]
        #[arg(long, value_name = "NAME")]
        device: Option<String>,
        /// Give up settings that cannot be put back: say what they were and forget them
        #[arg(long)]
        forget: bool,
    },
}
