//! Loading: seconds = a + b·bytes, from the trials of sweeps, which have one load
//! time for each agent. Summaries have none.

use slm_plan::error::Result;
use slm_results::{read::rows, schema::TrialRow};
use slm_stats::{dot, nonnegative_least_squares};
use std::{collections::BTreeMap, path::Path};

/// A fit of load times. Cold and warm loads cannot be distinguished in `trials.csv`: it
/// holds for loads like those measured.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadFit {
    /// Seconds for no bytes, and for each.
    pub coefficients: [f64; 2],
    /// Models it is fitted to.
    pub models: usize,
}

impl LoadFit {
    /// From the models' bytes and load times; `None` below two models.
    pub fn of(loads: &[(f64, f64)]) -> Option<Self> {
        if loads.len() < 2 {
            return None;
        }
        let rows: Vec<([f64; 2], f64)> =
            loads.iter().map(|&(bytes, s)| ([1.0 / s, bytes / s], 1.0)).collect();
        Some(Self { coefficients: nonnegative_least_squares(&rows)?, models: loads.len() })
    }

    /// Mean load time of every model in a `trials.csv`, with its parameters.
    ///
    /// # Errors
    /// As for [`rows`].
    pub fn loads(path: &Path) -> Result<Vec<(u64, f64)>> {
        let mut sums: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
        for trial in rows::<TrialRow>(path)? {
            let trial = trial?;
            if let Some(load) = trial.load_s {
                let sum = sums.entry(trial.params).or_default();
                *sum = (sum.0 + load, sum.1 + 1.0);
            }
        }
        Ok(sums.into_iter().map(|(params, (sum, count))| (params, sum / count)).collect())
    }

    /// Seconds for a file of so many bytes.
    pub fn seconds(&self, bytes: f64) -> f64 {
        dot(&[1.0, bytes], &self.coefficients)
    }
}
