//! How to compare.

use super::settings::Setting;
use slm_results::read::Metric;
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

/// Where it is known from what equal sweeps differ by.
#[derive(Clone, Debug, Default)]
pub enum NoiseChoice {
    /// It is not: a cautious value is assumed.
    #[default]
    Assumed,
    /// The user says so; a relative difference.
    Given(f64),
    /// Equal sweeps on the device, by metric; metrics that are not there are assumed.
    History(BTreeMap<Metric, f64>),
}
