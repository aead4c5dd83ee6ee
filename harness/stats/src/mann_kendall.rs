//! Mann and Kendall's test for a trend (Mann 1945, Econometrica 13; Kendall 1975, Rank
//! Correlation Methods): how many more pairs of values rise than fall in the course of time. It
//! asks nothing of the noise's distribution, and one value far out counts like any other.
//!
//! Without ties and up to 40 values p is exact: of n! equally likely orders, those with so
//! many inversions. Else it is the normal's, with the variance that ties leave and a correction
//! for continuity. Values must be independent of each other but for the trend.

use crate::normal::normal_two_sided;

/// Most values for which all orders are counted.
const MOST_EXACT: usize = 40;

/// The test's outcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MannKendall {
    /// Pairs that rise less pairs that fall.
    pub s: f64,
    /// Two-sided p that there is no trend.
    pub p: f64,
}

/// Tests values in the order of time; `None` below three.
pub fn mann_kendall(values: &[f64]) -> Option<MannKendall> {
    let n = values.len();
    if n < 3 {
        return None;
    }
    let (mut s, mut tied) = (0.0, false);
    for (index, first) in values.iter().enumerate() {
        for second in &values[index + 1..] {
            match second.total_cmp(first) {
                std::cmp::Ordering::Greater => s += 1.0,
                std::cmp::Ordering::Less => s -= 1.0,
                std::cmp::Ordering::Equal => tied = true,
            }
        }
    }
    let p = if tied || n > MOST_EXACT { by_normal(values, s) } else { exact(n, s) };
    Some(MannKendall { s, p })
}

/// The share of all orders of n values whose |S| is at least that large.
fn exact(n: usize, s: f64) -> f64 {
    // Chance of each number of inversions: a value put into an order of m - 1 others adds 0 to m - 1.
    let mut chances = vec![1.0];
    for m in 2..=n {
        let longer = chances.len() + m - 1;
        let chance = |inversions: usize| {
            let added = (0..m).filter_map(|added| chances.get(inversions.checked_sub(added)?));
            added.sum::<f64>() / m as f64
        };
        chances = (0..longer).map(chance).collect();
    }
    let pairs = (n * (n - 1) / 2) as f64;
    let as_large =
        |(inversions, _): &(usize, &f64)| (pairs - 2.0 * *inversions as f64).abs() >= s.abs() - 0.5;
    chances.iter().enumerate().filter(as_large).map(|(_, chance)| chance).sum::<f64>().min(1.0)
}

fn by_normal(values: &[f64], s: f64) -> f64 {
    let variance = variance(values);
    if variance <= 0.0 {
        return 1.0;
    }
    normal_two_sided((s.abs() - 1.0).max(0.0) / variance.sqrt())
}

/// Variance of S where there is no trend: (n(n - 1)(2n + 5) - Σ t(t - 1)(2t + 5)) / 18, t the
/// values in each group of equal ones.
pub(crate) fn variance(values: &[f64]) -> f64 {
    let weight = |count: usize| {
        let n = count as f64;
        n * (n - 1.0) * (2.0 * n + 5.0)
    };
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let ties: f64 = sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(|group| weight(group.len())).sum();
    (weight(values.len()) - ties) / 18.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;

    #[test]
    fn agrees_with_scipy_and_pymannkendall() {
        for case in reference::trends() {
            let ours = mann_kendall(&case.values).unwrap();
            assert!((ours.s - case.s).abs() < 1e-9, "{ours:?} {}", case.s);
            assert!((ours.p - case.p).abs() < 1e-9, "{ours:?} {}", case.p);
        }
        assert_eq!(mann_kendall(&[1.0, 2.0]), None);
    }

    #[test]
    fn equal_values_have_no_trend() {
        assert_eq!(mann_kendall(&[3.0; 6]), Some(MannKendall { s: 0.0, p: 1.0 }));
    }
}
