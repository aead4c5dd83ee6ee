//! Ratio of two independent means with its bootstrap interval: both sides are
//! resampled, and the percentiles of the ratio are taken (Efron and Tibshirani
//! 1993, An Introduction to the Bootstrap, chapter 13).

use crate::{
    bootstrap::Interval,
    describe::{mean, percentile_of_sorted},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const RESAMPLES: usize = 4_000;

/// mean(candidate) / mean(baseline) of positive values, with its 95 % interval
/// where both sides have two values or more.
pub fn ratio_of_means(baseline: &[f64], candidate: &[f64], seed: u64) -> Option<(f64, Option<Interval>)> {
    let ratio = mean(candidate)? / mean(baseline)?;
    if !ratio.is_finite() {
        return None;
    }
    if baseline.len() < 2 || candidate.len() < 2 {
        return Some((ratio, None));
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut resampled = |values: &[f64]| {
        (0..values.len()).map(|_| values[rng.random_range(0..values.len())]).sum::<f64>()
            / values.len() as f64
    };
    let mut ratios: Vec<f64> = (0..RESAMPLES).map(|_| resampled(candidate) / resampled(baseline)).collect();
    ratios.sort_by(f64::total_cmp);
    let end = |p| percentile_of_sorted(&ratios, p);
    Some((ratio, end(2.5).zip(end(97.5)).map(|(low, high)| Interval { low, high })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;

    #[test]
    fn agrees_with_scipy() {
        let case = reference::two_samples();
        let (ratio, interval) = ratio_of_means(&case.baseline, &case.candidate, 1).unwrap();
        let (interval, [low, high]) = (interval.unwrap(), case.ratio_percentile);
        assert!((ratio - case.ratio).abs() < 1e-12);
        let tolerance = 0.06 * (high - low);
        assert!(
            (interval.low - low).abs() < tolerance && (interval.high - high).abs() < tolerance,
            "{interval:?}"
        );
        assert_eq!(ratio_of_means(&[2.0], &[1.0], 1), Some((0.5, None)));
        assert_eq!(ratio_of_means(&[], &[1.0], 1), None);
    }
}
