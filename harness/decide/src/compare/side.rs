//! One side of a comparison: its cells, and the trials behind them where there
//! are any.

use slm_results::{
    read::{Cell, Key, Metric},
    schema::TrialRow,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Values of a cell's trials, prompt by prompt, metric by metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellTrials {
    /// By prompt id.
    pub prompts: BTreeMap<String, BTreeMap<Metric, Vec<f64>>>,
}

/// One side.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// As given on the command line.
    pub name: String,
    /// Its cells.
    pub cells: Vec<Cell>,
    /// Trials of cells.
    pub trials: HashMap<Key, CellTrials>,
    /// Threads that were used.
    pub threads: BTreeSet<u32>,
    /// Settings of flash attention that were used.
    pub flash_attention: BTreeSet<bool>,
    /// SHA-256 of each prompt, by id, where the plan is known.
    pub prompts: BTreeMap<String, String>,
    /// Format version, tool and engine versions, where they are known.
    pub made_by: BTreeMap<&'static str, String>,
}

impl CellTrials {
    /// Adds a trial's figures.
    pub fn add(&mut self, trial: &TrialRow) {
        let figures = Metric::ALL.into_iter().filter_map(|metric| Some((metric, metric.of_trial(trial)?)));
        // An id is kept once for a prompt, not once for a trial.
        if !self.prompts.contains_key(&trial.prompt_id) {
            self.prompts.insert(trial.prompt_id.clone(), BTreeMap::new());
        }
        if let Some(prompt) = self.prompts.get_mut(&trial.prompt_id) {
            for (metric, value) in figures.filter(|(_, value)| *value > 0.0) {
                prompt.entry(metric).or_default().push(value);
            }
        }
    }

    /// The logarithms of a metric's values on one prompt.
    pub(super) fn logs(&self, prompt: &str, metric: Metric) -> Vec<f64> {
        let values = self.prompts.get(prompt).and_then(|prompt| prompt.get(&metric));
        values.into_iter().flatten().map(|value| value.ln()).collect()
    }

    /// The logarithms of a metric's values on all prompts.
    pub(super) fn all_logs(&self, metric: Metric) -> Vec<f64> {
        self.prompts.keys().flat_map(|prompt| self.logs(prompt, metric)).collect()
    }
}
