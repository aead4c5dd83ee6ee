//! How to compare.

use std::collections::BTreeMap;

/// How to compare.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Relative differences up to this count as no change; `None`: it is measured.
    pub noise: Option<f64>,
    /// Baseline's model name to candidate's.
    pub map: BTreeMap<String, String>,
    /// Compare every model of the candidate with all of the baseline's.
    pub against_all: bool,
    /// Seed of intervals and permutations.
    pub seed: u64,
}
