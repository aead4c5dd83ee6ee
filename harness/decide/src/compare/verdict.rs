//! The verdict on one ratio.

use slm_results::read::Metric;
use slm_stats::Interval;
use strum::IntoStaticStr;

/// Probability of one false call among all figures of a comparison.
pub(super) const LEVEL: f64 = 0.05;

/// The verdict on a ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Verdict {
    /// Better, beyond chance and noise.
    Improved,
    /// Worse, beyond chance and noise.
    Regressed,
    /// The whole interval lies within the noise.
    #[strum(serialize = "no change")]
    NoChange,
    /// None of these.
    Inconclusive,
    /// There are too few runs, or only means.
    #[strum(serialize = "cannot be tested")]
    Untestable,
    /// Settings differ that nobody said may differ.
    Refused,
}

impl Verdict {
    /// All of them, in the order of the tables.
    pub const ALL: [Self; 6] = [
        Self::Improved,
        Self::Regressed,
        Self::NoChange,
        Self::Inconclusive,
        Self::Untestable,
        Self::Refused,
    ];
}

/// The verdict on a ratio whose p is already corrected for all tests.
pub(super) fn verdict(
    metric: Metric,
    ratio: f64,
    interval: Interval,
    p_adjusted: f64,
    noise: f64,
) -> Verdict {
    let (low, high) = (1.0 / (1.0 + noise), 1.0 + noise);
    if p_adjusted < LEVEL && (ratio < low || ratio > high) && (interval.low > 1.0 || interval.high < 1.0) {
        let better = (ratio > 1.0) == metric.more_is_better();
        return if better { Verdict::Improved } else { Verdict::Regressed };
    }
    if interval.low >= low && interval.high <= high { Verdict::NoChange } else { Verdict::Inconclusive }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_follow_chance_noise_and_direction() {
        let decide = |metric, ratio, low, high, p| verdict(metric, ratio, Interval { low, high }, p, 0.02);
        assert_eq!(decide(Metric::Itps, 0.95, 0.94, 0.96, 0.001), Verdict::Regressed);
        assert_eq!(decide(Metric::Ttft, 0.95, 0.94, 0.96, 0.001), Verdict::Improved);
        assert_eq!(decide(Metric::Itps, 0.95, 0.94, 0.96, 0.2), Verdict::Inconclusive);
        assert_eq!(decide(Metric::Itps, 1.01, 1.005, 1.015, 0.001), Verdict::NoChange);
        assert_eq!(decide(Metric::Itps, 1.015, 1.005, 1.025, 0.001), Verdict::Inconclusive);
        assert_eq!(decide(Metric::Runtime, 1.3, 1.2, 1.4, 0.01), Verdict::Regressed);
    }
}
