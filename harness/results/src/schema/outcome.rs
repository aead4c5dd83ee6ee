//! How a trial ended, and what its figures are worth.

use serde::{Deserialize, Serialize};

/// How a planned trial ended.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum Status {
    /// It ran to its end.
    Completed,
    /// It ran, or tried to, and failed.
    Failed,
    /// It was not tried, because its cell had failed before.
    #[default]
    Skipped,
}

/// What a trial's figures are worth. Rules: docs/methodology.md.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum Verdict {
    /// Nothing spoke against them.
    Valid,
    /// The device slowed down for heat.
    Throttled,
    /// Something does not add up, or something else ran too.
    Suspect,
}
