//! The standard normal distribution: Φ(z) = erfc(-z / √2) / 2 and its inverse, both by
//! `statrs`, to 1e-10.

use rand::{Rng, RngExt};
use statrs::distribution::{ContinuousCDF, Normal};
use std::f64::consts::TAU;

/// Distance from the mean, in standard deviations, within which 95 % lie: Φ⁻¹(0.975).
pub const Z_95: f64 = 1.959_963_984_540_054;

/// A random standard normal value (Box and Muller 1958, Ann. Math. Statist. 29).
pub fn normal_value(rng: &mut impl Rng) -> f64 {
    let (radius, angle): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - radius).ln()).sqrt() * (TAU * angle).cos()
}

/// Two-sided p of a standard normal value: P(|Z| > |z|).
pub fn normal_two_sided(z: f64) -> f64 {
    2.0 * Normal::standard().sf(z.abs())
}

/// Distribution function.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// Its inverse, for `p` from 0 to 1.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;

    #[test]
    fn agrees_with_scipy() {
        for (z, p) in reference::normal_cdf() {
            assert!((normal_cdf(z) - p).abs() < 1e-10, "{z}");
            assert!((normal_quantile(p) - z).abs() < 1e-9, "{p}");
            assert!((normal_two_sided(z) - 2.0 * p.min(1.0 - p)).abs() < 1e-10, "{z}");
        }
        assert!((normal_quantile(0.975) - Z_95).abs() < 1e-12);
    }
}
