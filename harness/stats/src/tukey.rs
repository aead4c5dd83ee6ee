//! Outliers by Tukey's fences (Tukey 1977, Exploratory Data Analysis): values more
//! than 1.5 interquartile ranges outside the quartiles. They are shown, never
//! dropped: a slow trial is what a user would have seen too.

use crate::describe::percentile;

/// The fences of a set of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fences {
    /// First quartile - 1.5 interquartile ranges.
    pub low: f64,
    /// Third quartile + 1.5 interquartile ranges.
    pub high: f64,
}

impl Fences {
    /// The fences, quartiles by linear interpolation; `None` of nothing.
    pub fn of(values: &[f64]) -> Option<Self> {
        let (first, third) = (percentile(values, 25.0)?, percentile(values, 75.0)?);
        let reach = 1.5 * (third - first);
        Some(Self { low: first - reach, high: third + reach })
    }

    /// Whether a value lies outside.
    pub fn is_outlier(&self, value: f64) -> bool {
        value < self.low || value > self.high
    }
}

/// Positions of the values outside Tukey's fences.
pub fn outliers(values: &[f64]) -> Vec<usize> {
    let Some(fences) = Fences::of(values) else { return Vec::new() };
    (0..values.len()).filter(|&i| fences.is_outlier(values[i])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;

    #[test]
    fn agrees_with_numpy() {
        for case in reference::cases() {
            let fences = Fences::of(&case.values).unwrap();
            assert!((fences.low - case.fences[0]).abs() < 1e-12 * fences.low.abs().max(1.0));
            assert!((fences.high - case.fences[1]).abs() < 1e-12 * fences.high.abs().max(1.0));
            assert_eq!(outliers(&case.values), case.outliers);
        }
        assert_eq!(outliers(&[]), [0; 0]);
    }
}
