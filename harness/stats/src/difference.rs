//! The difference of two sides with its error: of runs of their own by Welch's t, whose variances
//! may differ (Welch 1947, Biometrika 34; degrees of freedom after Satterthwaite 1946, Biometrics
//! Bulletin 2), or of runs in pairs by Student's.

use crate::{
    describe::{mean, standard_deviation},
    interval::Interval,
    student::{student_quantile, student_upper},
};

/// A side's mean with its standard error and that error's degrees of freedom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The mean.
    pub mean: f64,
    /// Its standard error.
    pub error: f64,
    /// Degrees of freedom; infinite where the error is known.
    pub freedom: f64,
}

impl Measured {
    /// From the values of runs; `None` below two.
    pub fn of(values: &[f64]) -> Option<Self> {
        let n = values.len() as f64;
        Some(Self { mean: mean(values)?, error: standard_deviation(values)? / n.sqrt(), freedom: n - 1.0 })
    }
}

/// How two sides differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Candidate - baseline.
    pub estimate: f64,
    /// Its standard error.
    pub error: f64,
    /// Degrees of freedom.
    pub freedom: f64,
}

impl Difference {
    /// Of two sides, each with runs of its own.
    pub fn between(baseline: Measured, candidate: Measured) -> Self {
        let (b, c) = (baseline.error.powi(2), candidate.error.powi(2));
        let spread = b.powi(2) / baseline.freedom + c.powi(2) / candidate.freedom;
        let freedom = if spread > 0.0 { (b + c).powi(2) / spread } else { f64::INFINITY };
        Self { estimate: candidate.mean - baseline.mean, error: (b + c).sqrt(), freedom }
    }

    /// Of runs in pairs, from what each pair differs by; `None` below two.
    pub fn paired(differences: &[f64]) -> Option<Self> {
        let Measured { mean, error, freedom } = Measured::of(differences)?;
        Some(Self { estimate: mean, error, freedom })
    }

    /// The interval that errs at this two-sided level.
    pub fn interval(self, level: f64) -> Interval {
        let reach = self.reach(level);
        Interval { low: self.estimate - reach, high: self.estimate + reach }
    }

    /// How far an estimate must lie from a value to differ from it at this two-sided level.
    pub fn reach(self, level: f64) -> f64 {
        student_quantile(level, self.freedom) * self.error
    }

    /// p that the true difference lies within ± `margin`; with a margin of 0, the two-sided p.
    pub fn p_within(self, margin: f64) -> f64 {
        if self.error <= 0.0 {
            return if self.estimate.abs() > margin { 0.0 } else { 1.0 };
        }
        let beyond = |distance: f64| student_upper(distance / self.error, self.freedom);
        (beyond(self.estimate.abs() - margin) + beyond(self.estimate.abs() + margin)).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;

    #[test]
    fn welch_agrees_with_scipy() {
        let known = reference::two_samples();
        let side = |values: &[f64]| Measured::of(values).unwrap();
        let found = Difference::between(side(&known.baseline), side(&known.candidate));
        let interval = found.interval(0.05);
        for (ours, theirs) in [
            (found.estimate, known.difference),
            (found.freedom, known.freedom),
            (found.p_within(0.0), known.p),
            (interval.low, known.interval[0]),
            (interval.high, known.interval[1]),
        ] {
            assert!((ours - theirs).abs() < 1e-8 * theirs.abs().max(1.0), "{ours} {theirs}");
        }
    }

    #[test]
    fn pairs_agree_with_scipy() {
        let known = reference::paired();
        let differences: Vec<f64> =
            known.candidate.iter().zip(&known.baseline).map(|(ours, theirs)| ours - theirs).collect();
        let found = Difference::paired(&differences).unwrap();
        let interval = found.interval(0.05);
        assert!((found.p_within(0.0) - known.p).abs() < 1e-9);
        assert!((interval.low - known.interval[0]).abs() < 1e-9);
        assert!((interval.high - known.interval[1]).abs() < 1e-9);
        assert_eq!(Difference::paired(&[1.0]), None);
    }

    #[test]
    fn a_margin_is_allowed_for() {
        let found = Difference { estimate: 0.05, error: 0.01, freedom: f64::INFINITY };
        assert!((found.p_within(0.05) - 0.5).abs() < 1e-6 && found.p_within(0.02) < 0.01);
        assert!(found.p_within(0.2) > 0.999);
        let exact = Difference { error: 0.0, ..found };
        assert_eq!((exact.p_within(0.05), exact.p_within(0.01)), (1.0, 0.0));
    }
}
