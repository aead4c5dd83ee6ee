//! Noise: what equal sweeps differ by, which no interval from within one sweep shows. Differences
//! within it count as no change.

use super::NoiseChoice;
use slm_results::read::Metric;
use std::collections::BTreeMap;
use strum::IntoStaticStr;

/// What is assumed where nothing is known: equal sweeps of an idle server one after the other
/// stayed within it (docs/comparisons.md).
const ASSUMED: f64 = 0.05;

/// The noise of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// Relative difference.
    pub value: f64,
    /// Where it is from.
    pub source: NoiseSource,
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

/// The noise of each metric.
pub(super) fn noise(choice: &NoiseChoice) -> BTreeMap<Metric, Noise> {
    let assumed = Noise { value: ASSUMED, source: NoiseSource::Assumed };
    let of = |metric| match choice {
        NoiseChoice::Assumed => assumed,
        NoiseChoice::Given(value) => Noise { value: *value, source: NoiseSource::Given },
        NoiseChoice::History(found) => {
            found.get(&metric).map_or(assumed, |&value| Noise { value, source: NoiseSource::Measured })
        }
    };
    Metric::ALL.into_iter().map(|metric| (metric, of(metric))).collect()
}
