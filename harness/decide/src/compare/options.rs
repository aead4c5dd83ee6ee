//! How to compare.

use super::{NoiseChoice, settings::Setting};
use std::collections::{BTreeMap, BTreeSet};

/// How to compare.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What equal sweeps differ by.
    pub noise: NoiseChoice,
    /// Baseline's model name to candidate's.
    pub map: BTreeMap<String, String>,
    /// Compare every model of the candidate with all of the baseline's.
    pub against_all: bool,
    /// Settings that may differ.
    pub across: BTreeSet<Setting>,
}
