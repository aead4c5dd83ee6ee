//! Bootstrap interval of a mean: bias-corrected and accelerated (BCa), Efron
//! (1987), "Better bootstrap confidence intervals", JASA 82; the acceleration is
//! estimated by the jackknife.

use crate::{
    describe::{mean, percentile_of_sorted},
    normal::{Z_95, normal_cdf, normal_quantile},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Resamples. The interval's own noise is then far below its width.
const RESAMPLES: usize = 4_000;

/// An interval of 95 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// 95 % BCa interval of the mean, from a seeded bootstrap of 4,000 resamples.
/// `None` below two values; of equal values, the value itself twice.
pub fn mean_interval(values: &[f64], seed: u64) -> Option<Interval> {
    let centre = mean(values)?;
    if values.len() < 2 {
        return None;
    }
    if values.iter().all(|value| (value - values[0]).abs() < f64::EPSILON * values[0].abs()) {
        return Some(Interval { low: values[0], high: values[0] });
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            (0..values.len()).map(|_| values[rng.random_range(0..values.len())]).sum::<f64>()
                / values.len() as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let below = means.iter().filter(|&&resampled| resampled < centre).count() as f64 / RESAMPLES as f64;
    let bias = normal_quantile(below.clamp(1.0 / RESAMPLES as f64, 1.0 - 1.0 / RESAMPLES as f64));
    let acceleration = jackknife_acceleration(values);
    let end = |z: f64| {
        let shifted = bias + z;
        let level = normal_cdf(bias + shifted / (1.0 - acceleration * shifted));
        percentile_of_sorted(&means, 100.0 * level)
    };
    Some(Interval { low: end(-Z_95)?, high: end(Z_95)? })
}

/// a = Σ (m − mᵢ)³ / (6 (Σ (m − mᵢ)²)^1.5), mᵢ the mean without value i.
fn jackknife_acceleration(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let total: f64 = values.iter().sum();
    let left_out: Vec<f64> = values.iter().map(|value| (total - value) / (n - 1.0)).collect();
    let centre = left_out.iter().sum::<f64>() / n;
    let (mut cubes, mut squares) = (0.0, 0.0);
    for value in left_out {
        cubes += (centre - value).powi(3);
        squares += (centre - value).powi(2);
    }
    if squares > 0.0 { cubes / (6.0 * squares.powf(1.5)) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;
    use proptest::prelude::*;

    #[test]
    fn agrees_with_scipy() {
        // 4,000 resamples are within a few percent of the width of scipy's 400,000.
        for case in reference::cases() {
            let Some([low, high]) = case.bca else { continue };
            let ours = mean_interval(&case.values, 1).unwrap();
            let tolerance = 0.06 * (high - low);
            assert!(
                (ours.low - low).abs() < tolerance && (ours.high - high).abs() < tolerance,
                "{ours:?} {low} {high}"
            );
        }
    }

    #[test]
    fn few_or_equal_values_are_handled() {
        assert_eq!(mean_interval(&[1.0], 1), None);
        assert_eq!(mean_interval(&[2.0, 2.0, 2.0], 1), Some(Interval { low: 2.0, high: 2.0 }));
        assert_eq!(mean_interval(&[1.0, 5.0, 2.0], 9), mean_interval(&[1.0, 5.0, 2.0], 9));
    }

    proptest! {
        #[test]
        fn the_interval_lies_within_the_values(values in proptest::collection::vec(0.001f64..1e6, 2..30)) {
            let interval = mean_interval(&values, 3).unwrap();
            let (min, max) = values.iter().fold((f64::MAX, f64::MIN), |(a, b), &v| (a.min(v), b.max(v)));
            prop_assert!(interval.low <= interval.high);
            prop_assert!(interval.low >= min - 1e-9 * max && interval.high <= max * (1.0 + 1e-9));
        }
    }
}
