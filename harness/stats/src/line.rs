//! The straight line of least squares through points.

use crate::describe::mean;

/// y = intercept + slope · x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// y where x is 0.
    pub intercept: f64,
    /// Change of y for each unit of x.
    pub slope: f64,
}

impl Line {
    /// Through points (x, y); flat where all have one x. `None` without points.
    pub fn through(points: &[(f64, f64)]) -> Option<Self> {
        let of = |pick: fn(&(f64, f64)) -> f64| mean(&points.iter().map(pick).collect::<Vec<_>>());
        let (x_mean, y_mean) = (of(|point| point.0)?, of(|point| point.1)?);
        let covariance: f64 = points.iter().map(|(x, y)| (x - x_mean) * (y - y_mean)).sum();
        let variance: f64 = points.iter().map(|(x, _)| (x - x_mean).powi(2)).sum();
        let slope = if variance > 0.0 { covariance / variance } else { 0.0 };
        Some(Self { intercept: y_mean - slope * x_mean, slope })
    }

    /// y at an x.
    pub fn at(self, x: f64) -> f64 {
        self.intercept + self.slope * x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOPE: f64 = 0.841_397_849_462_365_6;
    const INTERCEPT: f64 = 2.291_666_666_666_668_7;

    #[test]
    fn agrees_with_numpys_polyfit() {
        // numpy.polyfit([0.5, 1, 2, 4, 8], [3.1, 2.9, 4.2, 5.0, 9.3], 1), numpy 2.4.6.
        let line = Line::through(&[(0.5, 3.1), (1.0, 2.9), (2.0, 4.2), (4.0, 5.0), (8.0, 9.3)]).unwrap();
        assert!((line.slope - SLOPE).abs() < 1e-12 && (line.intercept - INTERCEPT).abs() < 1e-12, "{line:?}");
        assert!((line.at(2.0) - (INTERCEPT + 2.0 * SLOPE)).abs() < 1e-12);
    }

    #[test]
    fn one_x_has_a_flat_line_and_nothing_has_none() {
        assert_eq!(Line::through(&[(2.0, 1.0), (2.0, 4.0)]), Some(Line { intercept: 2.5, slope: 0.0 }));
        assert_eq!(Line::through(&[]), None);
    }
}
