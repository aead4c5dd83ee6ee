//! What equal sweeps differ by.

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

    /// Takes more squares in.
    pub(super) fn add(&mut self, squares: f64, freedom: usize) {
        self.squares += squares;
        self.freedom += freedom;
    }
}
