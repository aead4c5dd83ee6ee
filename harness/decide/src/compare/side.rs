//! One side of a comparison: its cells, and the trials behind them where there
//! are any.

use super::settings::Setting;
use slm_results::{
    read::{Cell, Key, Metric},
    schema::TrialRow,
};
use slm_stats::{Observation, RunMean};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Values of a cell's valid trials with their runs, prompt by prompt, metric by metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellTrials {
    /// By prompt id.
    pub prompts: BTreeMap<String, BTreeMap<Metric, Vec<(u32, f64)>>>,
    /// Settings that the trials report.
    pub settings: BTreeMap<Setting, BTreeSet<String>>,
}

/// One side.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// As given on the command line.
    pub name: String,
    /// Its cells.
    pub cells: Vec<Cell>,
    /// Valid trials of cells.
    pub trials: HashMap<Key, CellTrials>,
    /// Settings of the whole side, where the plan is known.
    pub settings: BTreeMap<Setting, String>,
    /// SHA-256 of each prompt, by id, where the plan is known.
    pub prompts: BTreeMap<String, String>,
    /// Format version, tool and engine versions, where they are known.
    pub made_by: BTreeMap<&'static str, String>,
}

impl Side {
    /// The values of a setting in a cell, as far as they are known.
    pub(super) fn values(&self, key: &Key, setting: Setting) -> BTreeSet<String> {
        let of_trials = self.trials.get(key).and_then(|trials| trials.settings.get(&setting));
        let of_plan = || self.settings.get(&setting).cloned().into_iter().collect();
        of_trials.cloned().unwrap_or_else(of_plan)
    }
}

impl CellTrials {
    /// Adds a trial's figures and settings.
    pub fn add(&mut self, trial: &TrialRow) {
        for metric in Metric::ALL {
            if let Some(value) = metric.of_trial(trial) {
                self.add_value(&trial.prompt_id, metric, trial.run, value);
            }
        }
        let threads = trial.threads.map(|threads| (Setting::Threads, threads.to_string()));
        let flash = trial.flash_attention.map(bool::from);
        let flash = flash.map(|on| (Setting::FlashAttention, if on { "on" } else { "off" }.to_owned()));
        for (setting, value) in threads.into_iter().chain(flash) {
            self.settings.entry(setting).or_default().insert(value);
        }
    }

    /// Adds one value of a run.
    pub fn add_value(&mut self, prompt: &str, metric: Metric, run: u32, value: f64) {
        // An id is kept once for a prompt, not once for a trial.
        if !self.prompts.contains_key(prompt) {
            self.prompts.insert(prompt.to_owned(), BTreeMap::new());
        }
        if let Some(metrics) = self.prompts.get_mut(prompt) {
            metrics.entry(metric).or_default().push((run, value));
        }
    }

    /// The values of a metric, run by run.
    pub(super) fn runs(&self, metric: Metric) -> Vec<Vec<f64>> {
        let mut runs: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for &(run, value) in self.prompts.values().filter_map(|metrics| metrics.get(&metric)).flatten() {
            runs.entry(run).or_default().push(value);
        }
        runs.into_values().collect()
    }

    /// The mean of a metric over these prompts, or over all.
    pub(super) fn run_mean(&self, metric: Metric, prompts: Option<&BTreeSet<&str>>) -> Option<RunMean> {
        let wanted = |id: &str| prompts.is_none_or(|prompts| prompts.contains(id));
        let observations = self.prompts.iter().filter(|(id, _)| wanted(id)).flat_map(|(id, metrics)| {
            let values = metrics.get(&metric).into_iter().flatten();
            values.map(move |&(run, value)| Observation { run, prompt: id, value })
        });
        RunMean::of(&observations.collect::<Vec<_>>())
    }
}
