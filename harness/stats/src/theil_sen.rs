//! Theil and Sen's slope: the median of the slopes of all pairs (Theil 1950; Sen 1968, JASA
//! 63), which up to 29 % of outliers leave where it is. Its interval are those slopes between
//! which Kendall's S would not be significant (Sen 1968, as scipy's `theilslopes` rounds).

use crate::{describe::percentile_of_sorted, interval::Interval, mann_kendall::variance, normal::Z_95};

/// A slope with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// Change of y for each unit of x.
    pub slope: f64,
    /// Its 95 % interval.
    pub interval: Interval,
}

/// The slope of points (x, y); `None` below three points or where all have one x.
pub fn theil_sen(points: &[(f64, f64)]) -> Option<Slope> {
    if points.len() < 3 {
        return None;
    }
    let mut slopes = Vec::new();
    for (index, &(x, y)) in points.iter().enumerate() {
        let rises = points[index + 1..].iter().filter(|other| other.0.total_cmp(&x).is_ne());
        slopes.extend(rises.map(|other| (other.1 - y) / (other.0 - x)));
    }
    slopes.sort_by(f64::total_cmp);
    let slope = percentile_of_sorted(&slopes, 50.0)?;
    let n = points.len() as f64;
    let pairs = slopes.len() as f64;
    let of = |pick: fn(&(f64, f64)) -> f64| variance(&points.iter().map(pick).collect::<Vec<_>>());
    // Each tie, of x or of y, takes its part off the variance.
    let untied = n * (n - 1.0) * (2.0 * n + 5.0) / 18.0;
    let deviation = (of(|point| point.0) + of(|point| point.1) - untied).max(0.0).sqrt();
    let end = |rank: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to the number of slopes"
        )]
        let rank = rank.round_ties_even().max(0.0) as usize;
        slopes.get(rank.min(slopes.len() - 1)).copied()
    };
    let low = end(((pairs - Z_95 * deviation) / 2.0).round_ties_even() - 1.0)?;
    let high = end(f64::midpoint(pairs, Z_95 * deviation))?;
    Some(Slope { slope, interval: Interval { low, high } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;

    #[test]
    fn agrees_with_scipy() {
        for case in reference::slopes() {
            let points: Vec<(f64, f64)> = case.x.iter().copied().zip(case.y.iter().copied()).collect();
            let ours = theil_sen(&points).unwrap();
            for (ours, theirs) in [ours.slope, ours.interval.low, ours.interval.high].iter().zip(case.slope) {
                assert!((ours - theirs).abs() < 1e-12 * theirs.abs().max(1.0), "{ours} {theirs}");
            }
        }
    }

    #[test]
    fn too_few_points_and_one_moment_have_no_slope() {
        assert_eq!(theil_sen(&[(0.0, 1.0), (1.0, 2.0)]), None);
        assert_eq!(theil_sen(&[(1.0, 1.0), (1.0, 2.0), (1.0, 5.0)]), None);
    }
}
