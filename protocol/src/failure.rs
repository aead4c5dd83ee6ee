//! Why a trial has no figures.

use serde::{Deserialize, Serialize};

/// The cause of a failed trial, as in the `failure` column of `trials.csv`.
/// The evidence (exit status, signal, log lines) goes beside it as text.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
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
