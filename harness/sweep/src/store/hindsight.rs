//! What shows only when a sweep is seen as a whole: trials that outran the others of their cell, and runs
//! in which the device was slower than in others.

use slm_plan::{Cell, Plan};
use slm_protocol::{Probe, TrialReport};
use slm_results::{
    analysis::{Pace, RunProbes},
    schema::{Status, TrialRow, Verdict},
};
use std::collections::BTreeMap;

/// A device's name and a trial's index in the plan.
pub(super) type Key = (String, usize);

/// In larger cells a trial is held against all trials, itself among them: it makes no difference.
const SMALL_CELL: usize = 100;

/// Gathers it, in the order of the events.
#[derive(Default)]
pub(super) struct Hindsight {
    /// The runs of all devices: the device, and its probes.
    runs: Vec<(String, RunProbes)>,
    completed: BTreeMap<Key, Completed>,
}

/// A completed trial, by itself.
struct Completed {
    pace: Pace,
    /// Index of its run.
    run: Option<usize>,
    verdict: Option<Verdict>,
    reason: Option<String>,
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
        if row.status == Status::Completed {
            let trial = Completed {
                pace: Pace::of(report),
                run: self.runs.iter().rposition(|(device, _)| *device == key.0),
                verdict: row.verdict,
                reason: row.verdict_reason.clone(),
            };
            self.completed.insert(key.clone(), trial);
        }
    }

    /// Judges the rows again by what is known now. Returns those that changed.
    pub(super) fn judge(&self, plan: &Plan, rows: &mut BTreeMap<Key, TrialRow>) -> Vec<Key> {
        let mut outran = self.outran(plan);
        let drift = self.drift();
        let mut changed = Vec::new();
        for (key, trial) in &self.completed {
            let Some(row) = rows.get_mut(key) else { continue };
            let mut more = outran.remove(key).unwrap_or_default();
            more.extend(trial.run.iter().flat_map(|run| drift[*run].iter().cloned()));
            let judged = (doubted(trial.verdict, &more), joined(trial.reason.as_deref(), &more));
            if (row.verdict, row.verdict_reason.as_deref()) != (judged.0, judged.1.as_deref()) {
                (row.verdict, row.verdict_reason) = judged;
                changed.push(key.clone());
            }
        }
        changed
    }

    /// In what each trial outran its cell.
    fn outran(&self, plan: &Plan) -> BTreeMap<&Key, Vec<String>> {
        let mut cells: BTreeMap<(&str, Cell), Vec<(&Key, &Completed)>> = BTreeMap::new();
        for (key, completed) in &self.completed {
            let trial = &plan.trials[key.1];
            // How fast nothing is done says nothing.
            if plan.input.models[trial.model].engine.descriptor().capabilities.reads_weights {
                cells.entry((&key.0, plan.cell(trial))).or_default().push((key, completed));
            }
        }
        let mut reasons = BTreeMap::new();
        for trials in cells.values() {
            let references = references(plan, trials);
            let of_all = (trials.len() > SMALL_CELL).then(|| usual(&references, None));
            for &(key, trial) in trials {
                let usual = of_all.unwrap_or_else(|| usual(&references, Some(key)));
                reasons.insert(key, trial.pace.outran(&usual));
            }
        }
        reasons
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

/// The trials of a cell that others are held against: no warm-ups, and none that is doubted by itself, which
/// may be slow where the others are as they should be. None where these are most of the cell.
fn references<'a>(plan: &Plan, trials: &[(&'a Key, &'a Completed)]) -> Vec<(&'a Key, &'a Pace)> {
    let measured: Vec<_> = trials.iter().filter(|(key, _)| !plan.trials[key.1].warmup).collect();
    let valid = measured.iter().filter(|(_, trial)| trial.verdict == Some(Verdict::Valid));
    let valid: Vec<_> = valid.map(|(key, trial)| (*key, &trial.pace)).collect();
    if 2 * valid.len() >= measured.len() { valid } else { Vec::new() }
}

/// What is usual among trials but one.
fn usual(references: &[(&Key, &Pace)], but: Option<&Key>) -> Pace {
    let others = references.iter().filter(|(key, _)| Some(*key) != but);
    Pace::usual(&others.map(|(_, pace)| *pace).collect::<Vec<_>>())
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

#[cfg(test)]
mod tests {
    use super::*;
    use slm_protocol::{EngineKind, ProbeMoment, Timestamps};
    use slm_testkit::{agent, plan::plan_input};

    const MS: u64 = 1_000_000;

    /// Two cells, each of two repetitions of five prompts and warm-ups before them.
    fn plan(engine: EngineKind) -> Plan {
        let mut input = plan_input(2, &[1], 2, 1);
        for model in &mut input.models {
            model.engine = engine;
        }
        Plan::new(input).unwrap()
    }

    /// 200 tokens in 100 ms, then 64 with so many milliseconds between them.
    fn report(gap_ms: u64) -> TrialReport {
        let times = Timestamps {
            request_ns: Some(0),
            prefill_start_ns: Some(MS),
            prefill_end_ns: Some(101 * MS),
            tokens_ns: (0..64).map(|token| (102 + token * gap_ms) * MS).collect(),
            ..Timestamps::default()
        };
        agent::report(200, times)
    }

    fn completed(verdict: Verdict, reason: Option<&str>) -> TrialRow {
        let verdict_reason = reason.map(str::to_owned);
        TrialRow { status: Status::Completed, verdict: Some(verdict), verdict_reason, ..TrialRow::default() }
    }

    /// A sweep on one device, all of whose trials are valid and equally fast.
    struct Sweep {
        plan: Plan,
        hindsight: Hindsight,
        rows: BTreeMap<Key, TrialRow>,
    }

    impl Sweep {
        fn new(engine: EngineKind) -> Self {
            let mut sweep =
                Self { plan: plan(engine), hindsight: Hindsight::default(), rows: BTreeMap::new() };
            sweep.hindsight.run("d");
            for trial in 0..sweep.plan.trials.len() {
                sweep.trial(trial, 6, completed(Verdict::Valid, None));
            }
            sweep
        }

        fn trial(&mut self, trial: usize, gap_ms: u64, row: TrialRow) {
            let key = ("d".to_owned(), trial);
            self.hindsight.trial(&key, &report(gap_ms), &row);
            self.rows.insert(key, row);
        }

        /// The measured trials of the first model's cell.
        fn cell(&self) -> Vec<usize> {
            let is_in = |index: &usize| {
                let trial = &self.plan.trials[*index];
                trial.model == 0 && !trial.warmup
            };
            (0..self.plan.trials.len()).filter(is_in).collect()
        }

        /// Judges; returns the trials whose rows changed.
        fn judge(&mut self) -> Vec<usize> {
            let changed = self.hindsight.judge(&self.plan, &mut self.rows);
            changed.into_iter().map(|(_, trial)| trial).collect()
        }

        fn verdict(&self, trial: usize) -> (Option<Verdict>, Option<&str>) {
            let row = &self.rows[&("d".to_owned(), trial)];
            (row.verdict, row.verdict_reason.as_deref())
        }
    }

    const OUTRAN: &str = "decode was 2.0 times as fast as in other trials of its cell";

    #[test]
    fn a_trial_that_outran_its_cell_is_doubted_and_once_only() {
        let mut sweep = Sweep::new(EngineKind::Llama);
        assert!(sweep.judge().is_empty());
        let fast = sweep.cell()[3];
        sweep.trial(fast, 3, completed(Verdict::Valid, None));
        assert_eq!(sweep.judge(), [fast]);
        assert_eq!(sweep.verdict(fast), (Some(Verdict::Suspect), Some(OUTRAN)));
        assert!(sweep.judge().is_empty(), "nothing new");
        assert_eq!(sweep.verdict(fast).1, Some(OUTRAN), "no reason is told twice");
    }

    #[test]
    fn what_a_trial_is_doubted_for_by_itself_stays_in_front() {
        let mut sweep = Sweep::new(EngineKind::Llama);
        let fast = sweep.cell()[0];
        for (verdict, reason) in [(Verdict::Throttled, "hot"), (Verdict::Suspect, "busy")] {
            sweep.trial(fast, 3, completed(verdict, Some(reason)));
            assert_eq!(sweep.judge(), [fast]);
            assert_eq!(sweep.verdict(fast), (Some(verdict), Some(&*format!("{reason}; {OUTRAN}"))));
        }
    }

    #[test]
    fn a_doubt_is_taken_back_when_the_cell_shows_that_it_was_none() {
        let mut sweep = Sweep::new(EngineKind::Llama);
        let cell = sweep.cell();
        sweep.trial(cell[0], 3, completed(Verdict::Valid, None));
        assert_eq!(sweep.judge(), [cell[0]]);
        for &trial in &cell[1..] {
            sweep.trial(trial, 3, completed(Verdict::Valid, None));
        }
        assert_eq!(sweep.judge(), [cell[0]]);
        assert_eq!(sweep.verdict(cell[0]), (Some(Verdict::Valid), None));
    }

    #[test]
    fn trials_are_held_against_valid_ones_that_were_measured() {
        // Warm-ups may be slow.
        let mut sweep = Sweep::new(EngineKind::Llama);
        let warm_ups: Vec<usize> =
            (0..sweep.plan.trials.len()).filter(|&index| sweep.plan.trials[index].warmup).collect();
        assert_eq!(warm_ups.len(), 2);
        for &trial in &warm_ups {
            sweep.trial(trial, 60, completed(Verdict::Valid, None));
        }
        assert!(sweep.judge().is_empty());
        // Five of ten are throttled: the others tell what is usual. Six are: nothing does.
        let cell = sweep.cell();
        assert_eq!(cell.len(), 10);
        for &trial in &cell[..5] {
            sweep.trial(trial, 12, completed(Verdict::Throttled, Some("hot")));
        }
        sweep.trial(cell[9], 3, completed(Verdict::Valid, None));
        assert_eq!(sweep.judge(), [cell[9]]);
        assert_eq!(sweep.verdict(cell[9]).1, Some(OUTRAN));
        sweep.trial(cell[5], 12, completed(Verdict::Throttled, Some("hot")));
        assert_eq!(sweep.judge(), [cell[9]]);
        assert_eq!(sweep.verdict(cell[9]), (Some(Verdict::Valid), None));
    }

    #[test]
    fn failed_trials_and_an_engine_that_does_nothing_are_left_alone() {
        let mut sweep = Sweep::new(EngineKind::Null);
        let fast = sweep.cell()[0];
        sweep.trial(fast, 3, completed(Verdict::Valid, None));
        assert!(sweep.judge().is_empty());
        let mut sweep = Sweep::new(EngineKind::Llama);
        sweep.hindsight = Hindsight::default();
        for trial in 0..sweep.plan.trials.len() {
            let status = if trial == fast { Status::Failed } else { Status::Completed };
            let gap_ms = if trial == fast { 3 } else { 6 };
            sweep.trial(trial, gap_ms, TrialRow { status, ..completed(Verdict::Valid, None) });
        }
        assert!(sweep.judge().is_empty());
    }

    #[test]
    fn trials_of_a_slow_run_are_doubted_and_those_of_others_are_not() {
        let mut sweep = Sweep::new(EngineKind::Llama);
        sweep.hindsight = Hindsight::default();
        let trials = sweep.plan.trials.len();
        for (run, ops_per_s) in [900e9, 700e9, 905e9].into_iter().enumerate() {
            sweep.hindsight.run("d");
            // Another device's run does not come between.
            sweep.hindsight.run("other");
            sweep.hindsight.probe("d", &Probe { ops_per_s, ..agent::probe(ProbeMoment::Start) });
            for trial in (0..trials).filter(|trial| trial % 3 == run) {
                sweep.trial(trial, 6, completed(Verdict::Valid, None));
            }
            sweep.hindsight.probe("d", &Probe { ops_per_s, ..agent::probe(ProbeMoment::End) });
        }
        let slow: Vec<usize> = (0..trials).filter(|trial| trial % 3 == 1).collect();
        assert_eq!(sweep.judge(), slow);
        let reason = "the compute probe at its begin was 22 % below the sweep's median; the compute probe at its \
                      end was 22 % below the sweep's median";
        assert_eq!(sweep.verdict(slow[0]), (Some(Verdict::Suspect), Some(reason)));
    }
}
