//! What equal sweeps differ by: the noise that a comparison of two separate sweeps must allow for.

use super::{Conditions, Spread, Sweeps};
use slm_results::read::{Key, Metric};
use std::collections::BTreeMap;

/// Figures of the same thing, measured again and again.
type Repeats<'a> = BTreeMap<(Metric, &'a Key, &'a str, Conditions), Vec<f64>>;

impl Sweeps {
    /// The deviation between sweeps of one plan under the same conditions (engine, agent, system, settings), by
    /// metric: of the logarithms of each cell's figures about their mean over sweeps, pooled over cells. Cells
    /// without a valid trial are left out; a metric that no cell has in two sweeps is not there.
    pub fn between_equal(&self) -> BTreeMap<Metric, Spread> {
        let mut repeats = Repeats::new();
        for sweep in &self.sweeps {
            for cell in sweep.cells.iter().filter(|cell| cell.n_valid != Some(0)) {
                for metric in Metric::ALL {
                    if let Some(estimate) = cell.estimate(metric).filter(|estimate| estimate.mean > 0.0) {
                        let key = (metric, &cell.key, sweep.plan_id(), sweep.conditions(&cell.key));
                        repeats.entry(key).or_default().push(estimate.mean.ln());
                    }
                }
            }
        }
        let mut all: BTreeMap<Metric, Spread> = BTreeMap::new();
        for ((metric, ..), logs) in repeats.iter().filter(|(_, logs)| logs.len() > 1) {
            let centre = logs.iter().sum::<f64>() / logs.len() as f64;
            let squares = logs.iter().map(|log| (log - centre).powi(2)).sum();
            all.entry(*metric).or_default().add(squares, logs.len() - 1);
        }
        all
    }
}
