//! What equal sweeps differ by.

use slm_results::read::{Cell, Key, Metric};
use std::collections::BTreeMap;

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

/// The deviation between sweeps of the same thing, by metric: of the logarithms of each cell's
/// figures about their mean over sweeps, pooled over cells. Sweeps are given as their cells;
/// cells pair by their keys, and those without a valid trial are left out. A metric that no cell has in two
/// sweeps is not there.
pub fn between_sweeps(sweeps: &[&[Cell]]) -> BTreeMap<Metric, Spread> {
    let mut logs: BTreeMap<(Metric, &Key), Vec<f64>> = BTreeMap::new();
    for cell in sweeps.iter().copied().flatten().filter(|cell| cell.n_valid != Some(0)) {
        for metric in Metric::ALL {
            if let Some(estimate) = cell.estimate(metric).filter(|estimate| estimate.mean > 0.0) {
                logs.entry((metric, &cell.key)).or_default().push(estimate.mean.ln());
            }
        }
    }
    let mut all: BTreeMap<Metric, Spread> = BTreeMap::new();
    for ((metric, _), logs) in logs.iter().filter(|(_, logs)| logs.len() > 1) {
        let centre = logs.iter().sum::<f64>() / logs.len() as f64;
        let squares = logs.iter().map(|log| (log - centre).powi(2)).sum();
        all.entry(*metric).or_default().add(squares, logs.len() - 1);
    }
    all
}
