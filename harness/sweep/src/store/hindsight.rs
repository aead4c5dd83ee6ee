//! What shows only when a sweep is seen as a whole: trials that outran the others of their cell, and runs
//! in which the device was slower than in others.

use slm_plan::{Cell, Plan};
use slm_protocol::{Probe, TrialReport};
use slm_results::{
    analysis::{Pace, RunProbes},
    schema::{Status, TrialRow, Verdict},
};
use std::collections::{BTreeMap, HashMap};

/// A device's name and a trial's index in the plan.
pub(super) type Key = (String, usize);

/// In larger cells a trial is held against all trials, itself among them: it makes no difference.
const SMALL_CELL: usize = 100;

/// Gathers it, in the order of the events.
#[derive(Default)]
pub(super) struct Hindsight {
    paces: HashMap<Key, Pace>,
    /// The runs of all devices: the device, and its probes.
    runs: Vec<(String, RunProbes)>,
    run_of: HashMap<Key, usize>,
    /// Verdict and reason of each completed trial by itself.
    first: HashMap<Key, (Option<Verdict>, Option<String>)>,
}

impl Hindsight {
    /// An agent starts a run on a device.
    pub(super) fn run(&mut self, device: &str) {
        self.runs.push((device.to_owned(), RunProbes::default()));
    }

    /// A probe of the device's last run.
    pub(super) fn probe(&mut self, device: &str, probe: &Probe) {
        if let Some((_, probes)) = self.runs.iter_mut().rfind(|(of, _)| of == device) {
            probes.add(probe.clone());
        }
    }

    /// A trial of the device's last run has its row.
    pub(super) fn trial(&mut self, key: &Key, report: &TrialReport, row: &TrialRow) {
        if row.status != Status::Completed {
            return;
        }
        self.paces.insert(key.clone(), Pace::of(report));
        self.first.insert(key.clone(), (row.verdict, row.verdict_reason.clone()));
        if let Some(run) = self.runs.iter().rposition(|(device, _)| *device == key.0) {
            self.run_of.insert(key.clone(), run);
        }
    }

    /// Judges the rows again by what is known now. Returns those that changed.
    pub(super) fn judge(&self, plan: &Plan, rows: &mut BTreeMap<Key, TrialRow>) -> Vec<Key> {
        let mut reasons = self.outran(plan);
        let drift = self.drift();
        for (key, run) in &self.run_of {
            reasons.entry(key).or_default().extend(drift[*run].iter().cloned());
        }
        let mut changed = Vec::new();
        for (key, (verdict, reason)) in &self.first {
            let Some(row) = rows.get_mut(key) else { continue };
            let more = reasons.remove(key).unwrap_or_default();
            let judged = (doubted(*verdict, &more), joined(reason.as_deref(), &more));
            if (row.verdict, row.verdict_reason.as_deref()) != (judged.0, judged.1.as_deref()) {
                (row.verdict, row.verdict_reason) = judged;
                changed.push(key.clone());
            }
        }
        changed
    }

    /// In what each trial outran its cell.
    fn outran(&self, plan: &Plan) -> HashMap<&Key, Vec<String>> {
        let mut cells: BTreeMap<(&str, Cell), Vec<&Key>> = BTreeMap::new();
        for key in self.paces.keys() {
            let trial = &plan.trials[key.1];
            // How fast nothing is done says nothing.
            if plan.input.models[trial.model].engine.descriptor().capabilities.reads_weights {
                cells.entry((&key.0, plan.cell(trial))).or_default().push(key);
            }
        }
        let mut reasons = HashMap::new();
        for keys in cells.values() {
            let references = self.references(plan, keys);
            let of_all = (keys.len() > SMALL_CELL).then(|| self.usual(&references, None));
            for &key in keys {
                let usual = of_all.unwrap_or_else(|| self.usual(&references, Some(key)));
                reasons.insert(key, self.paces[key].outran(&usual));
            }
        }
        reasons
    }

    /// The trials of a cell that others are held against: no warm-ups, and none that is doubted by itself, which
    /// may be slow where the others are as they should be. None where these are most of the cell.
    fn references<'k>(&self, plan: &Plan, keys: &[&'k Key]) -> Vec<&'k Key> {
        let is_valid = |key: &Key| self.first.get(key).is_some_and(|first| first.0 == Some(Verdict::Valid));
        let measured: Vec<&Key> = keys.iter().copied().filter(|key| !plan.trials[key.1].warmup).collect();
        let valid: Vec<&Key> = measured.iter().copied().filter(|key| is_valid(key)).collect();
        if 2 * valid.len() >= measured.len() { valid } else { Vec::new() }
    }

    fn usual(&self, references: &[&Key], but: Option<&Key>) -> Pace {
        let others = references.iter().filter(|key| Some(**key) != but);
        Pace::usual(&others.filter_map(|key| self.paces.get(*key)).collect::<Vec<_>>())
    }

    /// Why the device was slow in each run.
    fn drift(&self) -> Vec<Vec<String>> {
        let of_run = |(device, probes): &(String, RunProbes)| {
            let on_device = self.runs.iter().filter(|(other, _)| other == device);
            probes.drift(&on_device.map(|(_, probes)| probes).collect::<Vec<_>>())
        };
        self.runs.iter().map(of_run).collect()
    }
}

fn doubted(verdict: Option<Verdict>, more: &[String]) -> Option<Verdict> {
    match verdict {
        Some(Verdict::Valid) if !more.is_empty() => Some(Verdict::Suspect),
        other => other,
    }
}

fn joined(reason: Option<&str>, more: &[String]) -> Option<String> {
    let all: Vec<&str> = reason.into_iter().chain(more.iter().map(String::as_str)).collect();
    (!all.is_empty()).then(|| all.join("; "))
}
