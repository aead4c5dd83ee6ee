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
        let (error, freedom) =
            together((baseline.error, baseline.freedom), (candidate.error, candidate.freedom));
        Self { estimate: candidate.mean - baseline.mean, error, freedom }
    }

    /// The same difference with another, independent error on top of its own, known with so many degrees
    /// of freedom.
    #[must_use]
    pub fn widened(self, error: f64, freedom: f64) -> Self {
        let (error, freedom) = together((self.error, self.freedom), (error, freedom));
        Self { error, freedom, ..self }
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

    /// Two-sided p of no difference.
    pub fn p(self) -> f64 {
        if self.error <= 0.0 {
            return if self.estimate.abs() > 0.0 { 0.0 } else { 1.0 };
        }
        (2.0 * student_upper(self.estimate.abs() / self.error, self.freedom)).min(1.0)
    }
}

/// The standard error of a sum of two independent terms, with its degrees of freedom after Satterthwaite.
fn together(one: (f64, f64), other: (f64, f64)) -> (f64, f64) {
    let (a, b) = (one.0.powi(2), other.0.powi(2));
    let spread = a.powi(2) / one.1 + b.powi(2) / other.1;
    let freedom = if spread > 0.0 { (a + b).powi(2) / spread } else { f64::INFINITY };
    ((a + b).sqrt(), freedom)
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
            (found.p(), known.p),
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
        assert!((found.p() - known.p).abs() < 1e-9);
        assert!((interval.low - known.interval[0]).abs() < 1e-9);
        assert!((interval.high - known.interval[1]).abs() < 1e-9);
        assert_eq!(Difference::paired(&[1.0]), None);
    }

    #[test]
    fn another_error_comes_on_top() {
        let found = Difference { estimate: 0.05, error: 0.03, freedom: 4.0 }.widened(0.04, f64::INFINITY);
        assert!((found.error - 0.05).abs() < 1e-12);
        // (0.03² + 0.04²)² / (0.03⁴ / 4)
        assert!((found.freedom - 30.864_197_53).abs() < 1e-6, "{found:?}");
        let exact = Difference { estimate: 0.05, error: 0.0, freedom: f64::INFINITY };
        assert_eq!((exact.p(), Difference { estimate: 0.0, ..exact }.p()), (0.0, 1.0));
    }
}
