//! Values that only one engine or one study reports.

use serde::{Deserialize, Serialize};

/// A value that has no field of its own: measured by an engine itself, or asked for
/// by one study. Every engine-specific value of a trial goes here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What the value covers.
    pub scope: FigureScope,
    /// What was measured, in the words of the engine or study that reports it. Unique
    /// within its scope.
    pub name: String,
    /// The value in `unit`; finite.
    pub value: f64,
    /// Unit (`s`, `tokens/s`, `B`), or `1` for a plain number.
    pub unit: String,
}

/// What a [`Figure`] covers: a part of a trial, or the run around it.
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
pub enum FigureScope {
    /// The run of the agent that the trial is one of.
    Run,
    /// Loading the model, before the trial.
    Load,
    /// From the request to the first output token.
    Prefill,
    /// From the first output token to the last.
    Decode,
    /// The whole trial.
    Trial,
}
