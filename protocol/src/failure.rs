//! Why a trial has no figures.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The cause of a failed trial, as in the `failure` column of `trials.csv`.
/// The evidence (exit status, signal, log lines) goes beside it as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// The model file could not be loaded: damaged, or not what the engine expects.
    LoadFailed,
    /// Memory ran out: an allocation failed, or the kernel killed the agent for it.
    OutOfMemory,
    /// The agent was killed by a signal from outside (SIGKILL, SIGTERM).
    Killed,
    /// The agent died of its own fault (SIGSEGV, SIGABRT, a panic).
    Crashed,
    /// The trial's time-out passed.
    TimedOut,
    /// The device went away and did not come back.
    DeviceLost,
    /// No space was left for what had to be written.
    DiskFull,
    /// The engine cannot run this (architecture, context length, option).
    Unsupported,
}

impl Failure {
    /// The name used in every file and table.
    pub fn name(self) -> &'static str {
        match self {
            Failure::LoadFailed => "load-failed",
            Failure::OutOfMemory => "out-of-memory",
            Failure::Killed => "killed",
            Failure::Crashed => "crashed",
            Failure::TimedOut => "timed-out",
            Failure::DeviceLost => "device-lost",
            Failure::DiskFull => "disk-full",
            Failure::Unsupported => "unsupported",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
