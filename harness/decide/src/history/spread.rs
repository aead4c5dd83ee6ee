//! What equal sweeps differ by.

use slm_stats::student_quantile_95;

/// Deviation of one sweep's figure from the next one's.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    squares: f64,
    /// Degrees of freedom behind it.
    pub freedom: usize,
}

impl Spread {
    /// Standard deviation of the logarithm of a cell's figure from sweep to sweep.
    pub fn deviation(&self) -> f64 {
        (self.squares / self.freedom.max(1) as f64).sqrt()
    }

    /// What two sweeps of the same thing differ by at most in 95 of 100 pairs, relative: Student's
    /// quantile for the freedom behind the deviation, times √2 deviations of one sweep.
    pub fn between_two(&self) -> f64 {
        let reach = student_quantile_95(self.freedom as f64) * std::f64::consts::SQRT_2 * self.deviation();
        reach.exp_m1()
    }

    /// Takes more squares in.
    pub(super) fn add(&mut self, squares: f64, freedom: usize) {
        self.squares += squares;
        self.freedom += freedom;
    }
}
