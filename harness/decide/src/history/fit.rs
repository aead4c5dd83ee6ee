//! Straight lines and levels through a series, and which of them fits better.

use slm_stats::Line;

/// Variance of logarithms that is none: a deviation of a millionth.
pub(super) const NONE: f64 = 1e-12;

/// Values at moments, ready to be judged.
pub(super) struct Values {
    /// Weeks since the first.
    pub(super) weeks: Vec<f64>,
    /// Logarithms of the figures, outliers clipped.
    pub(super) logs: Vec<f64>,
}

impl Values {
    /// Squares about the levels between cuts.
    pub(super) fn about_levels(&self, cuts: &[usize]) -> f64 {
        pieces(self.logs.len(), cuts).map(|(from, to)| squares(&self.logs[from..to])).sum()
    }

    /// Squares about the straight line of least squares.
    pub(super) fn about_line(&self) -> f64 {
        let points: Vec<(f64, f64)> = self.weeks.iter().copied().zip(self.logs.iter().copied()).collect();
        Line::through(&points)
            .map_or(0.0, |line| points.iter().map(|&(week, log)| (log - line.at(week)).powi(2)).sum())
    }

    /// Whether a line fits better than levels between cuts by Schwarz' criterion (1978, Ann.
    /// Statist. 6): beside the first level, a line costs its slope, and a cut its place and its level.
    pub(super) fn is_line(&self, cuts: &[usize]) -> bool {
        let n = self.logs.len() as f64;
        let criterion = |squares: f64, parameters: f64| n * (squares / n + NONE).ln() + parameters * n.ln();
        criterion(self.about_line(), 1.0) < criterion(self.about_levels(cuts), 2.0 * cuts.len() as f64)
    }
}

/// The pieces between cuts: first value, and the first one after it.
pub(super) fn pieces(n: usize, cuts: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    let starts: Vec<usize> = std::iter::once(0).chain(cuts.iter().copied()).collect();
    let ends: Vec<usize> = cuts.iter().copied().chain([n]).collect();
    starts.into_iter().zip(ends)
}

pub(super) fn mean(values: &[f64]) -> f64 {
    slm_stats::mean(values).unwrap_or(0.0)
}

fn squares(values: &[f64]) -> f64 {
    let centre = mean(values);
    values.iter().map(|value| (value - centre).powi(2)).sum()
}
