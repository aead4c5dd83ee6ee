//! The trials that are left, and what becomes of those that fail.

use super::Failures;
use crate::{rewarm, store::SweepEvent};
use slm_plan::{Plan, PlannedTrial, error::Result};
use slm_protocol::Failure;
use slm_results::schema::Status;
use std::cell::RefCell;

/// Trials left to do, in order.
pub(super) struct Backlog<'a> {
    plan: &'a Plan,
    device: String,
    pending: Vec<usize>,
    failures: &'a RefCell<Failures>,
    gave_up: bool,
}

type Emit<'e> = &'e mut dyn FnMut(SweepEvent) -> Result<()>;

impl<'a> Backlog<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        device: &str,
        pending: Vec<usize>,
        failures: &'a RefCell<Failures>,
    ) -> Self {
        Self { plan, device: device.to_owned(), pending, failures, gave_up: false }
    }

    /// Gives rows to the trials of cells that earlier runs gave up.
    pub(super) fn skip_given_up(&mut self, emit: Emit<'_>) -> Result<()> {
        for index in std::mem::take(&mut self.pending) {
            let trial = &self.plan.trials[index];
            match self.failures.borrow().given_up(self.plan.cell(trial)) {
                Some((failure, evidence)) => emit(self.lost(trial, Status::Skipped, failure, &evidence))?,
                None => self.pending.push(index),
            }
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }

    /// The trials left, in order.
    pub(super) fn trials(&self) -> impl Iterator<Item = &'a PlannedTrial> {
        self.pending.iter().map(|&index| &self.plan.trials[index])
    }

    /// Whether a cell was given up since this was last asked: the running agent
    /// still has its trials in its job, so it must be replaced.
    pub(super) fn gave_up(&mut self) -> bool {
        std::mem::take(&mut self.gave_up) && !self.is_empty()
    }

    /// A trial was reported. A re-warm-up gets no row, but when it fails it counts for the
    /// cell whose prompt it had: an agent may have ended over it.
    pub(super) fn finished(
        &mut self,
        trial_id: &str,
        failure: Option<Failure>,
        emit: Emit<'_>,
    ) -> Result<()> {
        let rewarmed = self.rewarmed(trial_id);
        let Some(trial) = rewarmed.or_else(|| self.remove(trial_id)) else { return Ok(()) };
        match failure {
            Some(failure) => self.note_failure(trial, failure, emit),
            None => Ok(()),
        }
    }

    /// A trial got no report. A re-warm-up counts as above: else one that always crashes
    /// would be begun forever.
    pub(super) fn lose(
        &mut self,
        trial_id: &str,
        failure: Failure,
        evidence: &str,
        emit: Emit<'_>,
    ) -> Result<()> {
        if let Some(trial) = self.rewarmed(trial_id) {
            return self.note_failure(trial, failure, emit);
        }
        let Some(trial) = self.remove(trial_id) else { return Ok(()) };
        emit(self.lost(trial, Status::Failed, failure, evidence))?;
        self.note_failure(trial, failure, emit)
    }

    /// None of the trials left can run.
    pub(super) fn lose_all(&mut self, failure: Failure, evidence: &str, emit: Emit<'_>) -> Result<()> {
        if let Some(&first) = self.pending.first() {
            self.failures.borrow_mut().load(self.plan.trials[first].model, failure);
        }
        for index in std::mem::take(&mut self.pending) {
            emit(self.lost(&self.plan.trials[index], Status::Failed, failure, evidence))?;
        }
        Ok(())
    }

    fn note_failure(&mut self, trial: &PlannedTrial, failure: Failure, emit: Emit<'_>) -> Result<()> {
        let cell = self.plan.cell(trial);
        let Some(count) = self.failures.borrow_mut().trial(cell, failure) else { return Ok(()) };
        let plan = self.plan;
        let (given_up, kept) =
            self.pending.iter().partition(|&&index| plan.cell(&plan.trials[index]) == cell);
        self.pending = kept;
        let evidence = format!("its cell was given up after {count} trials failed as {failure}");
        let given_up: Vec<usize> = given_up;
        self.gave_up |= !given_up.is_empty();
        for index in given_up {
            emit(self.lost(&plan.trials[index], Status::Skipped, failure, &evidence))?;
        }
        Ok(())
    }

    /// The trial whose prompt a re-warm-up has.
    fn rewarmed(&self, trial_id: &str) -> Option<&'a PlannedTrial> {
        let id = rewarm::source(trial_id)?;
        self.trials().find(|trial| trial.id == id)
    }

    fn remove(&mut self, trial_id: &str) -> Option<&'a PlannedTrial> {
        let at = self.pending.iter().position(|&index| self.plan.trials[index].id == trial_id)?;
        Some(&self.plan.trials[self.pending.remove(at)])
    }

    fn lost(&self, trial: &PlannedTrial, status: Status, failure: Failure, evidence: &str) -> SweepEvent {
        let (device, trial_id) = (self.device.clone(), trial.id.clone());
        SweepEvent::TrialLost { device, trial_id, status, failure, evidence: evidence.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::job;
    use super::*;
    use slm_device::StagedModel;
    use slm_plan::PlanInput;
    use slm_testkit::plan::plan_input as input;

    fn lost(events: &[SweepEvent], wanted: Status) -> usize {
        events
            .iter()
            .filter(|event| matches!(event, SweepEvent::TrialLost { status, .. } if *status == wanted))
            .count()
    }

    #[test]
    fn a_cell_that_fails_twice_is_given_up_and_every_trial_gets_its_row() {
        let plan = Plan::new(input(1, &[0, 4], 2, 1)).unwrap();
        let failures = RefCell::default();
        let mut backlog = Backlog::new(&plan, "local", (0..plan.trials.len()).collect(), &failures);
        let mut events = Vec::new();
        let mut emit = |event| {
            events.push(event);
            Ok(())
        };
        let last_cell = plan.cells()[1];
        let ids: Vec<String> =
            plan.trials.iter().filter(|t| plan.cell(t) == last_cell).map(|t| t.id.clone()).collect();
        backlog.lose(&ids[0], Failure::TimedOut, "", &mut emit).unwrap();
        assert!(!backlog.gave_up());
        backlog.lose(&ids[1], Failure::TimedOut, "", &mut emit).unwrap();
        assert!(backlog.gave_up() && !backlog.gave_up());
        assert_eq!(backlog.len(), 11);
        backlog.lose_all(Failure::OutOfMemory, "", &mut emit).unwrap();
        assert_eq!((lost(&events, Status::Failed), lost(&events, Status::Skipped)), (13, 9));
    }

    #[test]
    fn a_crashing_re_warm_up_gives_its_cell_up() {
        let plan = Plan::new(input(1, &[0, 4], 1, 1)).unwrap();
        let failures = RefCell::default();
        let mut backlog = Backlog::new(&plan, "local", (2..plan.trials.len()).collect(), &failures);
        let id = job::make(&plan, 0, &StagedModel::file("m".into()), &backlog).trials[0].trial_id.clone();
        let mut events = Vec::new();
        for _ in 0..2 {
            let mut emit = |event| {
                events.push(event);
                Ok(())
            };
            backlog.lose(&id, Failure::Crashed, "", &mut emit).unwrap();
        }
        assert_eq!((lost(&events, Status::Failed), lost(&events, Status::Skipped)), (0, 5));
        assert_eq!(backlog.len(), 5);
    }

    #[test]
    fn a_re_warm_up_that_times_out_counts_for_its_cell() {
        let plan = Plan::new(input(1, &[0, 4], 1, 1)).unwrap();
        let failures = RefCell::default();
        let mut backlog = Backlog::new(&plan, "local", (2..plan.trials.len()).collect(), &failures);
        let id = job::make(&plan, 0, &StagedModel::file("m".into()), &backlog).trials[0].trial_id.clone();
        let mut events = Vec::new();
        let mut emit = |event| {
            events.push(event);
            Ok(())
        };
        backlog.finished(&id, None, &mut emit).unwrap();
        assert_eq!(backlog.len(), 10);
        for _ in 0..2 {
            backlog.finished(&id, Some(Failure::TimedOut), &mut emit).unwrap();
        }
        assert_eq!((backlog.len(), lost(&events, Status::Skipped)), (5, 5));
    }

    #[test]
    fn a_kill_from_outside_gives_nothing_up() {
        let plan = Plan::new(input(1, &[0], 3, 1)).unwrap();
        let failures = RefCell::default();
        let mut backlog = Backlog::new(&plan, "local", (0..plan.trials.len()).collect(), &failures);
        for trial in &plan.trials[..5] {
            backlog.lose(&trial.id, Failure::Killed, "", &mut |_| Ok(())).unwrap();
        }
        assert_eq!(backlog.len(), plan.trials.len() - 5);
    }

    #[test]
    fn a_cell_that_failed_in_two_runs_is_not_tried_in_the_third() {
        let plan = Plan::new(PlanInput { runs: 3, warmups: 0, ..input(1, &[0, 4], 1, 1) }).unwrap();
        let failures = RefCell::default();
        let of_run = |run| {
            let trials = plan.trials.iter().enumerate().filter(move |(_, trial)| trial.run == run);
            trials.map(|(index, _)| index).collect::<Vec<_>>()
        };
        let last_cell = plan.cells()[1];
        for run in 1..=2 {
            let mut backlog = Backlog::new(&plan, "local", of_run(run), &failures);
            let id = backlog.trials().find(|trial| plan.cell(trial) == last_cell).unwrap().id.clone();
            backlog.lose(&id, Failure::TimedOut, "", &mut |_| Ok(())).unwrap();
        }
        let mut backlog = Backlog::new(&plan, "local", of_run(3), &failures);
        let mut events = Vec::new();
        let mut emit = |event| {
            events.push(event);
            Ok(())
        };
        backlog.skip_given_up(&mut emit).unwrap();
        assert_eq!((lost(&events, Status::Skipped), backlog.len()), (5, 5));
    }

    #[test]
    fn a_model_that_twice_did_not_load_is_given_up() {
        let plan = Plan::new(PlanInput { runs: 3, ..input(1, &[0], 1, 1) }).unwrap();
        let failures = RefCell::default();
        let mut all = Backlog::new(&plan, "local", (0..6).collect(), &failures);
        all.lose_all(Failure::LoadFailed, "", &mut |_| Ok(())).unwrap();
        assert!(failures.borrow().given_up(plan.cells()[0]).is_none());
        let mut again = Backlog::new(&plan, "local", (6..12).collect(), &failures);
        again.lose_all(Failure::LoadFailed, "", &mut |_| Ok(())).unwrap();
        let (failure, why) = failures.borrow().given_up(plan.cells()[0]).unwrap();
        assert_eq!(
            (failure, why.as_str()),
            (Failure::LoadFailed, "its model was given up after 2 runs failed as load-failed")
        );
    }
}
