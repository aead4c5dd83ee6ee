//! Difference of two sides whose values come in strata (prompts): what is asked is
//! how the sides differ within strata, averaged over them, so that the strata's
//! own differences (prompts of other lengths) are no noise.
//!
//! - Estimate: the mean over strata of (mean of candidate - mean of baseline).
//! - Interval: bootstrap of pooled residuals (Davison and Hinkley 1997, Bootstrap
//!   Methods, 3.2 and 6.3). Residuals are taken about each stratum's mean, scaled
//!   by sqrt(n / (n - 1)) since few repetitions lie closer to their own mean, and
//!   redrawn for every stratum. The percentiles are those of Student's t with the
//!   residuals' degrees of freedom instead of the normal's (Hesterberg 2015, The
//!   American Statistician 69, "expanded percentile interval").
//! - p: permutation within strata; exact when the sides are exchangeable. Sampling
//!   stops after 20 permutations at least as extreme (Besag and Clifford 1991,
//!   Biometrika 78), at most 19,999.
//! - Without repetitions in any stratum: Student's t over the strata's differences.

use crate::{
    bootstrap::Interval,
    describe::{mean, percentile_of_sorted, standard_deviation},
    normal::normal_cdf,
    student::{student_quantile_95, student_two_sided},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const RESAMPLES: usize = 2_000;
const PERMUTATIONS: u32 = 19_999;
const ENOUGH_EXTREME: u32 = 20;

/// The values of both sides in one stratum; neither is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stratum {
    /// Values of the baseline.
    pub baseline: Vec<f64>,
    /// Values of the candidate.
    pub candidate: Vec<f64>,
}

/// How two sides differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Candidate - baseline, averaged over strata.
    pub estimate: f64,
    /// Its 95 % interval.
    pub interval: Option<Interval>,
    /// Two-sided p that there is no difference, not corrected for many tests.
    pub p: Option<f64>,
    /// Standard deviation of one value about its stratum's mean, the larger of both sides.
    pub noise: Option<f64>,
}

/// The difference; `None` without strata or with an empty side in one.
pub fn stratified_difference(strata: &[Stratum], seed: u64) -> Option<Difference> {
    let differences: Option<Vec<f64>> =
        strata.iter().map(|stratum| Some(mean(&stratum.candidate)? - mean(&stratum.baseline)?)).collect();
    let differences = differences?;
    let estimate = mean(&differences)?;
    let baseline = Residuals::of(strata.iter().map(|stratum| &stratum.baseline));
    let candidate = Residuals::of(strata.iter().map(|stratum| &stratum.candidate));
    let (Some(first), Some(second)) =
        (baseline.as_ref().or(candidate.as_ref()), candidate.as_ref().or(baseline.as_ref()))
    else {
        return Some(over_strata(&differences, estimate));
    };
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let interval = residual_interval(strata, estimate, first, second, &mut rng);
    Some(Difference {
        estimate,
        interval: Some(interval),
        p: Some(permutation_p(strata, estimate, &mut rng)),
        noise: Some(first.deviation.max(second.deviation)),
    })
}

/// Deviations from the strata's means on one side.
struct Residuals {
    values: Vec<f64>,
    freedom: usize,
    deviation: f64,
}

impl Residuals {
    /// `None` where no stratum has two values.
    fn of<'a>(strata: impl Iterator<Item = &'a Vec<f64>>) -> Option<Self> {
        let (mut values, mut freedom) = (Vec::new(), 0);
        for stratum in strata.filter(|stratum| stratum.len() > 1) {
            let n = stratum.len() as f64;
            let centre = stratum.iter().sum::<f64>() / n;
            values.extend(stratum.iter().map(|value| (value - centre) * (n / (n - 1.0)).sqrt()));
            freedom += stratum.len() - 1;
        }
        let squares: f64 = values.iter().map(|value| value * value).sum();
        let deviation = (squares / values.len() as f64).sqrt();
        (freedom > 0).then_some(Self { values, freedom, deviation })
    }

    /// Mean of `n` redrawn residuals.
    fn redrawn(&self, n: usize, rng: &mut ChaCha8Rng) -> f64 {
        (0..n).map(|_| self.values[rng.random_range(0..self.values.len())]).sum::<f64>() / n as f64
    }
}

fn residual_interval(
    strata: &[Stratum],
    estimate: f64,
    baseline: &Residuals,
    candidate: &Residuals,
    rng: &mut ChaCha8Rng,
) -> Interval {
    let count = strata.len() as f64;
    let mut resampled: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let sum: f64 = strata
                .iter()
                .map(|stratum| {
                    candidate.redrawn(stratum.candidate.len(), rng)
                        - baseline.redrawn(stratum.baseline.len(), rng)
                })
                .sum();
            estimate + sum / count
        })
        .collect();
    resampled.sort_by(f64::total_cmp);
    let freedom = if std::ptr::eq(baseline, candidate) {
        baseline.freedom
    } else {
        baseline.freedom + candidate.freedom
    };
    let quantile = student_quantile_95(freedom as f64);
    if freedom < 5 {
        // So few residuals have no tails to take percentiles of.
        let deviation = standard_deviation(&resampled).unwrap_or(0.0);
        return Interval { low: estimate - quantile * deviation, high: estimate + quantile * deviation };
    }
    let level = 100.0 * normal_cdf(-quantile);
    let end = |p| percentile_of_sorted(&resampled, p).unwrap_or(estimate);
    // The basic interval: what the resampled differences say of the error is taken off.
    Interval { low: 2.0 * estimate - end(100.0 - level), high: 2.0 * estimate - end(level) }
}

fn permutation_p(strata: &[Stratum], estimate: f64, rng: &mut ChaCha8Rng) -> f64 {
    let mut pools: Vec<(Vec<f64>, usize, f64)> = strata
        .iter()
        .map(|stratum| {
            let pool: Vec<f64> = stratum.candidate.iter().chain(&stratum.baseline).copied().collect();
            let total = pool.iter().sum();
            (pool, stratum.candidate.len(), total)
        })
        .collect();
    let limit = estimate.abs() * (1.0 - 1e-9);
    let mut extreme = 0;
    for drawn in 1..=PERMUTATIONS {
        let mut sum = 0.0;
        for (pool, candidates, total) in &mut pools {
            for i in 0..*candidates {
                let other = rng.random_range(i..pool.len());
                pool.swap(i, other);
            }
            let taken: f64 = pool[..*candidates].iter().sum();
            sum += taken / *candidates as f64 - (*total - taken) / (pool.len() - *candidates) as f64;
        }
        if (sum / strata.len() as f64).abs() >= limit {
            extreme += 1;
            if extreme == ENOUGH_EXTREME {
                return f64::from(extreme) / f64::from(drawn);
            }
        }
    }
    f64::from(extreme + 1) / f64::from(PERMUTATIONS + 1)
}

/// Without repetitions, the strata's differences are the repetitions.
fn over_strata(differences: &[f64], estimate: f64) -> Difference {
    let nothing = Difference { estimate, interval: None, p: None, noise: None };
    let Some(deviation) = standard_deviation(differences) else { return nothing };
    let (n, freedom) = (differences.len() as f64, differences.len() as f64 - 1.0);
    let error = deviation / n.sqrt();
    let reach = student_quantile_95(freedom) * error;
    Difference {
        interval: Some(Interval { low: estimate - reach, high: estimate + reach }),
        p: Some(if error > 0.0 { student_two_sided(estimate / error, freedom) } else { 1.0 }),
        ..nothing
    }
}

#[cfg(test)]
mod tests;
