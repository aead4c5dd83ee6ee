//! Everything that was measured.

use super::{Measured, Run, Subject};
use slm_decide::compare::Comparison;
use slm_plan::PlannedModel;
use slm_protocol::Failure;
use slm_results::read::Context;
use std::collections::BTreeSet;

/// Everything that a report is made from.
#[derive(Debug, Default)]
pub struct ReportData {
    /// The results folders.
    pub runs: Vec<Run>,
    /// Models, each as measured on one device in one run.
    pub subjects: Vec<Subject>,
    /// Their cells, subject by subject, contexts ascending.
    pub cells: Vec<Measured>,
    /// Figures to compare with, where some were given.
    pub baseline: Option<Baseline>,
    /// Most time that an answer may take, seconds.
    pub budget_s: f64,
}

/// The comparison with a baseline.
#[derive(Debug)]
pub struct Baseline {
    /// Where its figures are from.
    pub name: String,
    /// The comparison of each run, by its index; `None` where no cell has a partner.
    pub runs: Vec<Option<Comparison>>,
}

impl ReportData {
    /// The plan's model behind a subject.
    pub fn planned(&self, subject: &Subject) -> Option<&PlannedModel> {
        let models = &self.runs.get(subject.run)?.manifest.plan.input.models;
        models.iter().find(|planned| subject.is_of(planned))
    }

    /// Cells of a subject, contexts ascending.
    pub fn cells_of(&self, subject: usize) -> impl Iterator<Item = &Measured> {
        self.cells.iter().filter(move |measured| measured.subject == subject)
    }

    /// All context lengths, ascending.
    pub fn contexts(&self) -> Vec<Context> {
        let mut contexts: Vec<Context> =
            self.cells.iter().map(|measured| measured.cell.key.context).collect();
        contexts.sort_unstable();
        contexts.dedup();
        contexts
    }

    /// Names of all devices.
    pub fn devices(&self) -> BTreeSet<&str> {
        self.subjects.iter().map(|subject| subject.device.as_str()).collect()
    }

    /// Trials of a device in a run that have no result: never run, or lost with it.
    pub fn without_result(&self, run: usize, device: &str) -> u64 {
        let left = |measured: &Measured| {
            let failed = measured.failures.iter().filter(|(failure, _)| **failure != Failure::DeviceLost);
            let had: u64 = measured.trials.len() as u64 + failed.map(|(_, tally)| tally.count).sum::<u64>();
            u64::from(measured.cell.n_planned.unwrap_or(0)).saturating_sub(had)
        };
        let own = |measured: &&Measured| {
            let subject = &self.subjects[measured.subject];
            subject.run == run && subject.device == device
        };
        self.cells.iter().filter(own).map(left).sum()
    }

    /// Whether all models have random weights; `None` where some have.
    pub fn synthetic(&self) -> Option<bool> {
        let count = self.subjects.iter().filter(|subject| subject.weights == "synthetic").count();
        (count == 0 || count == self.subjects.len()).then_some(count > 0)
    }

    /// How many models there are: each type of a model counts, its devices and runs do not.
    pub(crate) fn distinct_models(&self) -> usize {
        let key = |subject: &Subject| (subject.model.clone(), subject.quant.clone(), subject.weights.clone());
        self.subjects.iter().map(key).collect::<BTreeSet<_>>().len()
    }
}
