//! Noise: what equal sweeps differ by, which no interval from within one sweep shows. It is an error of its own,
//! on top of that of the runs: what a sweep's whole time was like falls on all its runs alike.

use slm_results::read::Metric;
use slm_stats::student_quantile_95;
use std::{collections::BTreeMap, f64::consts::SQRT_2};
use strum::IntoStaticStr;

/// What is assumed where nothing is known: about what twelve equal sweeps of half a minute on an idle virtual
/// machine differed by (docs/comparisons.md).
const ASSUMED: f64 = 0.15;
/// The same of memory, which hardly varies.
const ASSUMED_MEMORY: f64 = 0.05;

/// The noise of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// What two equal sweeps differ by at most in 95 of 100 pairs, relative.
    pub value: f64,
    /// Degrees of freedom with which that is known.
    pub freedom: f64,
    /// Where it is from.
    pub source: NoiseSource,
}

impl Noise {
    /// Of equal sweeps whose logarithms deviate from their mean by this standard deviation.
    pub fn measured(deviation: f64, freedom: usize) -> Self {
        let freedom = freedom as f64;
        let value = (student_quantile_95(freedom) * SQRT_2 * deviation).exp_m1();
        Self { value, freedom, source: NoiseSource::Measured }
    }

    /// Standard deviation of the difference of two equal sweeps' logarithms.
    pub(super) fn deviation(self) -> f64 {
        self.value.ln_1p() / student_quantile_95(self.freedom)
    }
}

/// Where noise is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum NoiseSource {
    /// Nothing.
    Assumed,
    /// The user.
    Given,
    /// Equal sweeps.
    Measured,
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
    History(BTreeMap<Metric, Noise>),
}

/// The noise of each metric.
pub(super) fn noise(choice: &NoiseChoice) -> BTreeMap<Metric, Noise> {
    let known = |value, source| Noise { value, freedom: f64::INFINITY, source };
    let assumed = |metric| {
        let value = if metric == Metric::Memory { ASSUMED_MEMORY } else { ASSUMED };
        known(value, NoiseSource::Assumed)
    };
    let of = |metric| match choice {
        NoiseChoice::Assumed => assumed(metric),
        NoiseChoice::Given(value) => known(*value, NoiseSource::Given),
        NoiseChoice::History(found) => found.get(&metric).copied().unwrap_or_else(|| assumed(metric)),
    };
    Metric::ALL.into_iter().map(|metric| (metric, of(metric))).collect()
}
