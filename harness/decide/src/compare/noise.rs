//! Noise: differences within it count as no change.

use super::Row;
use slm_results::read::Metric;
use slm_stats::median;
use std::collections::BTreeMap;

/// The least noise that is assumed, whatever was measured: repetitions
/// within one run of a process do not show what differs between runs.
const LEAST_NOISE: f64 = 0.01;
/// The most that is taken for noise: disturbed sweeps are inconclusive, not unchanged.
const MOST_NOISE: f64 = 0.05;

/// The noise of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// Relative difference.
    pub value: f64,
    /// Whether it was measured from repetitions.
    pub measured: bool,
}

/// The noise of each metric: as given, or the median over cells of the standard
/// deviation of one repetition about its prompt's mean, within 1 and 5 %.
pub(super) fn noise(rows: &[Row], given: Option<f64>) -> BTreeMap<Metric, Noise> {
    let of = |metric| {
        let ratios = rows.iter().flat_map(|row| &row.ratios).filter(|ratio| ratio.metric == metric);
        let found: Vec<f64> = ratios.filter_map(|ratio| ratio.noise).collect();
        match (given, median(&found)) {
            (Some(value), _) => Noise { value, measured: false },
            (None, Some(value)) => {
                Noise { value: value.exp_m1().clamp(LEAST_NOISE, MOST_NOISE), measured: true }
            }
            (None, None) => Noise { value: LEAST_NOISE, measured: false },
        }
    };
    Metric::ALL.into_iter().map(|metric| (metric, of(metric))).collect()
}
