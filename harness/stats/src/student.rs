//! Student's t distribution: P(|T| > t) = I(ν / (ν + t²); ν/2, 1/2), the regularised
//! incomplete beta function, and its inverse, both by `statrs`.

use crate::normal::{normal_cdf, normal_quantile};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Degrees of freedom from which the normal distribution serves: quantiles differ by a part in 10⁶, and `statrs` finds
/// none of much larger ones, but never ends.
const NORMAL_FROM: f64 = 1e6;

/// Two-sided p of a t statistic with `freedom` degrees of freedom; NaN unless those
/// are above 0 and `t` is a number.
pub fn student_two_sided(t: f64, freedom: f64) -> f64 {
    match student(freedom) {
        Some(student) if !t.is_nan() => 2.0 * student.sf(t.abs()),
        _ => f64::NAN,
    }
}

/// The t that is exceeded, on either side, with probability 5 %; NaN unless `freedom`
/// is above 0.
pub fn student_quantile_95(freedom: f64) -> f64 {
    student_quantile(0.05, freedom)
}

/// The t that is exceeded, on either side, with this probability; NaN as above. Of very many
/// degrees it is the normal's.
pub fn student_quantile(level: f64, freedom: f64) -> f64 {
    if freedom >= NORMAL_FROM {
        return normal_quantile(1.0 - 0.5 * level);
    }
    student(freedom).map_or(f64::NAN, |student| student.inverse_cdf(1.0 - 0.5 * level))
}

/// One-sided p: P(T > t); NaN as above.
pub(crate) fn student_upper(t: f64, freedom: f64) -> f64 {
    if freedom >= NORMAL_FROM {
        return normal_cdf(-t);
    }
    student(freedom).filter(|_| !t.is_nan()).map_or(f64::NAN, |student| student.sf(t))
}

/// The t that is exceeded, on either side, with probability 10 %; NaN as above.
pub fn student_quantile_90(freedom: f64) -> f64 {
    student_quantile(0.10, freedom)
}

fn student(freedom: f64) -> Option<StudentsT> {
    StudentsT::new(0.0, 1.0, freedom).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;

    #[test]
    fn very_many_degrees_have_an_answer() {
        for freedom in [1e5, 9.9e5, 1e6, 1e8, 1e300, f64::INFINITY] {
            // scipy.stats.norm.isf(0.025) = 1.959963985.
            assert!((student_quantile_95(freedom) - 1.959_963_985).abs() < 3e-5, "{freedom}");
        }
    }

    #[test]
    fn agrees_with_scipy() {
        for [t, freedom, p] in reference::student() {
            assert!((student_two_sided(t, freedom) - p).abs() < 1e-9 + 1e-8 * p, "{t} {freedom}");
        }
        for [freedom, t] in reference::student_quantiles() {
            assert!((student_quantile_95(freedom) - t).abs() < 1e-6 * t, "{freedom}");
            assert!((student_two_sided(student_quantile_90(freedom), freedom) - 0.1).abs() < 1e-9);
        }
    }

    #[test]
    fn what_has_no_distribution_is_not_a_number() {
        assert!(student_two_sided(1.0, 0.0).is_nan() && student_quantile_95(-1.0).is_nan());
        assert!(student_two_sided(f64::NAN, 3.0).is_nan());
        assert!(student_two_sided(f64::INFINITY, 3.0) < 1e-300);
    }
}
