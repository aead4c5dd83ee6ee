//! Runs the trials of one run of one model on one device: starts agents, turns what they report
//! into sweep events, and makes a row of everything that goes wrong.
//!
//! An agent that dies costs the trial at hand, which becomes a row; the next
//! agent goes on with the trial after it. A cell that fails twice in one way is
//! given up, so that a model that always times out does not take the night.

mod backlog;
mod failures;
mod job;
mod patience;

pub use failures::Failures;
pub use patience::load_patience;

use crate::{
    Recall,
    store::{Recorded, SweepEvent},
};
use backlog::Backlog;
use slm_device::{AgentRun, Device, NextEvent, RunName, StagedModel, StartError, Unresponsive};
use slm_plan::{
    Plan,
    error::{Error, Result},
    interrupt::Interrupt,
};
use slm_protocol::{CpuList, DecodeError, Envelope, Event, Failure, Job, TrialOutcome};
use slm_provision::local_agent::Exit;
use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

/// How often an interrupt and the time-outs are looked at.
const TICK: Duration = Duration::from_millis(200);
/// An agent gives up a load and a trial itself when their time is over; it may take so much longer.
const TRIAL_GRACE: Duration = Duration::from_secs(30);
/// An agent that beats once a second and is silent for so long will not speak again.
const FROZEN_PATIENCE: Duration = Duration::from_mins(2);
/// Agents that die one after another without a row for any trial, before the model is given up.
const MAX_IDLE_DEATHS: u32 = 3;

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every trial has its row.
    Complete,
    /// The user asked to stop.
    Interrupted,
    /// The device went away and did not come back; what was seen of it.
    DeviceLost(String),
}

/// One run of one model on one device.
pub struct Session<'a> {
    /// Where.
    pub device: &'a dyn Device,
    /// The whole plan.
    pub plan: &'a Plan,
    /// The sweep's id, by which a device knows its runs.
    pub sweep: &'a str,
    /// The run of the plan, from 1.
    pub run: u32,
    /// Index of the model in the plan.
    pub model: usize,
    /// What failed on the device before.
    pub failures: &'a RefCell<Failures>,
    /// What earlier hosts recorded of the device's last agent.
    pub recorded: Option<&'a Recorded>,
    /// Where it is on the device.
    pub model_on_device: StagedModel,
    /// Compute threads of this device; `None`: the plan's.
    pub threads: Option<u32>,
    /// CPUs of this device to compute on; `None`: the plan's.
    pub affinity: Option<CpuList>,
    /// What earlier agents on the device found out.
    pub recall: &'a RefCell<Recall>,
    /// The user's wish to stop.
    pub interrupt: &'a Interrupt,
}

/// What the agent was doing when it ended.
enum Phase {
    Loading,
    Idle,
    Trial(String),
    Finished,
}

impl Session<'_> {
    /// Runs the given trials (indices into the plan, in order).
    ///
    /// # Errors
    /// When events cannot be recorded, or no agent can be started.
    pub fn run(&self, pending: Vec<usize>, emit: &mut dyn FnMut(SweepEvent) -> Result<()>) -> Result<Ending> {
        let load_patience = load_patience()?;
        let mut backlog = Backlog::new(self.plan, self.device.name(), pending, self.failures);
        backlog.skip_given_up(emit)?;
        let mut idle_deaths = 0;
        let name = RunName { sweep: self.sweep, run: self.run, model: self.model };
        // An agent that went on without its host comes before any new one.
        let mut started = self.device.adopt(name);
        while !backlog.is_empty() {
            let before = backlog.len();
            // What was given up is not in the job made now, so this agent need not be replaced.
            backlog.gave_up();
            let mut run = match started {
                Ok(Some(run)) => run,
                Ok(None) => {
                    started = self.device.start(name, &self.job(&backlog, load_patience)).map(Some);
                    continue;
                }
                Err(StartError::Refused(error)) => return Err(error),
                // What was waited for is not, once the user asked to stop: that says nothing of the trials.
                Err(StartError::Failed(_)) if self.interrupt.is_set() => return Ok(Ending::Interrupted),
                Err(StartError::Failed(trouble)) => {
                    return Self::cannot_start(trouble.failure, &trouble.message, &mut backlog, emit);
                }
            };
            started = Ok(None);
            let Some(phase) = self.follow(run.as_mut(), load_patience, &mut backlog, emit)? else {
                run.stop();
                run.finish();
                return Ok(Ending::Interrupted);
            };
            let exit = run.finish();
            if exit.stopped {
                // A host ended it, and has said why, or was interrupted itself.
                continue;
            }
            // A device that went when all was told has done its part.
            let has_told_all = backlog.is_empty();
            Self::account(&phase, &exit, &mut backlog, emit)?;
            if let Some(lost) = exit.lost.as_ref().filter(|_| exit.is_gone && !has_told_all) {
                return Self::cannot_start(Failure::DeviceLost, lost, &mut backlog, emit);
            }
            idle_deaths = if backlog.len() < before { 0 } else { idle_deaths + 1 };
            if idle_deaths >= MAX_IDLE_DEATHS {
                let (failure, evidence) = exit.cause();
                let evidence = format!("{idle_deaths} agents ended without a result: {evidence}");
                backlog.lose_all(failure, &evidence, emit)?;
            }
        }
        Ok(Ending::Complete)
    }

    /// The job for what is left, with what is this device's own.
    fn job(&self, backlog: &Backlog<'_>, load_patience: Duration) -> Job {
        let mut job = job::make(self.plan, self.model, &self.model_on_device, backlog);
        job.load_timeout_ms = u64::try_from(load_patience.as_millis()).unwrap_or(u64::MAX);
        if let Some(threads) = self.threads {
            job.options.threads = Some(threads);
            job.options.calibrate_threads = false;
        }
        job.options.affinity = self.affinity.clone().or(job.options.affinity);
        self.recall.borrow().put_into(&mut job, self.model);
        job
    }

    /// No agent can be started for the trials that are left.
    fn cannot_start(
        failure: Failure,
        evidence: &str,
        backlog: &mut Backlog<'_>,
        emit: &mut dyn FnMut(SweepEvent) -> Result<()>,
    ) -> Result<Ending> {
        backlog.lose_all(failure, evidence, emit)?;
        let is_lost = failure == Failure::DeviceLost;
        Ok(if is_lost { Ending::DeviceLost(evidence.to_owned()) } else { Ending::Complete })
    }

    /// Follows one agent to its end; `None` when the user interrupts.
    fn follow(
        &self,
        run: &mut dyn AgentRun,
        load_patience: Duration,
        backlog: &mut Backlog<'_>,
        emit: &mut dyn FnMut(SweepEvent) -> Result<()>,
    ) -> Result<Option<Phase>> {
        let mut phase = Phase::Loading;
        let mut deadline = Instant::now() + load_patience + TRIAL_GRACE;
        let trial_patience = Duration::from_millis(self.plan.input.timeout_ms) + TRIAL_GRACE;
        // Events of an adopted agent that are recorded already.
        let mut known = 0;
        let mut emit = |event: SweepEvent| {
            if let SweepEvent::AgentStarted { facts, .. } = &event {
                let is_same = |earlier: &&Recorded| {
                    (earlier.pid, earlier.started_unix_ns) == (facts.pid, facts.started_unix_ns)
                };
                known = self.recorded.filter(is_same).map_or(0, |earlier| earlier.events);
            }
            if known > 0 && event.is_from_agent() {
                known -= 1;
                return Ok(());
            }
            emit(event)
        };
        let emit: &mut dyn FnMut(SweepEvent) -> Result<()> = &mut emit;
        let gate = self.plan.input.conditions.cool_down.map_or(0, |gate| gate.timeout_ms);
        let idle_patience = trial_patience + Duration::from_millis(gate);
        loop {
            if self.interrupt.is_set() {
                return Ok(None);
            }
            match run.next(TICK) {
                NextEvent::Event(envelope) => {
                    if let Some(next) = self.take(*envelope, backlog, emit)? {
                        phase = next;
                        let waits = matches!(phase, Phase::Idle);
                        deadline = Instant::now() + if waits { idle_patience } else { trial_patience };
                    }
                    if backlog.gave_up() {
                        run.stop();
                        return Ok(Some(Phase::Finished));
                    }
                }
                NextEvent::Ended => return Ok(Some(phase)),
                NextEvent::Invalid(DecodeError::Version(error)) => {
                    run.stop();
                    return Err(Error::input(error.to_string(), "build agent and bench from one version"));
                }
                NextEvent::Invalid(error) => {
                    run.stop();
                    let evidence = format!("the agent's report was not understood: {error}");
                    return Self::give_up_on(&phase, Failure::Crashed, &evidence, backlog, emit).map(Some);
                }
                NextEvent::Timeout if Instant::now() > deadline || is_frozen(run) => {
                    let evidence = no_sign_of_life(run.unresponsive());
                    run.stop();
                    return Self::give_up_on(&phase, Failure::TimedOut, &evidence, backlog, emit).map(Some);
                }
                NextEvent::Timeout => {}
                // The agent itself keeps to the time-outs, and its device must be back before it can be asked.
                NextEvent::Unreachable => deadline = Instant::now() + trial_patience,
            }
        }
    }

    /// Takes one event in; tells the new phase when there is one.
    fn take(
        &self,
        envelope: Envelope,
        backlog: &mut Backlog<'_>,
        emit: &mut dyn FnMut(SweepEvent) -> Result<()>,
    ) -> Result<Option<Phase>> {
        let device = self.device.name().to_owned();
        let model = self.model;
        match envelope.event {
            Event::Hello(facts) => {
                let start = &mut self.recall.borrow_mut().start_c;
                *start = start.or(facts.machine.temperature_c);
                emit(SweepEvent::AgentStarted { device, run: self.run, model, facts })?;
                Ok(None)
            }
            Event::Ready(ready) => {
                self.recall.borrow_mut().threads.entry(model).or_insert(ready.options.threads);
                emit(SweepEvent::ModelReady { device, model, ready })?;
                Ok(Some(Phase::Idle))
            }
            Event::LoadFailed { failure, message } => {
                backlog.lose_all(failure, &message, emit)?;
                Ok(Some(Phase::Finished))
            }
            Event::TrialStarted { trial_id } => {
                emit(SweepEvent::TrialStarted { device, trial_id: trial_id.clone() })?;
                Ok(Some(Phase::Trial(trial_id)))
            }
            Event::Progress(progress) => {
                emit(SweepEvent::Progress { device, progress })?;
                Ok(None)
            }
            Event::Telemetry(sample) => {
                emit(SweepEvent::Telemetry { device, sample })?;
                Ok(None)
            }
            Event::Probe(probe) => {
                emit(SweepEvent::Probed { device, model, probe })?;
                Ok(None)
            }
            Event::CoolDown(report) => {
                emit(SweepEvent::CoolDown { device, report })?;
                Ok(None)
            }
            Event::Heartbeat | Event::Unknown => Ok(None),
            Event::TrialFinished(report) => {
                let failure = match &report.outcome {
                    TrialOutcome::Failed { failure, .. } => Some(*failure),
                    TrialOutcome::Completed => None,
                };
                let trial_id = report.trial_id.clone();
                emit(SweepEvent::TrialFinished { device, report })?;
                backlog.finished(&trial_id, failure, emit)?;
                Ok(Some(Phase::Idle))
            }
            Event::Done { .. } => Ok(Some(Phase::Finished)),
        }
    }

    /// A row for the trial at hand, or for all when it never came to a trial.
    fn give_up_on(
        phase: &Phase,
        failure: Failure,
        evidence: &str,
        backlog: &mut Backlog<'_>,
        emit: &mut dyn FnMut(SweepEvent) -> Result<()>,
    ) -> Result<Phase> {
        match phase {
            Phase::Trial(trial_id) => backlog.lose(trial_id, failure, evidence, emit)?,
            Phase::Loading => backlog.lose_all(failure, &format!("while loading: {evidence}"), emit)?,
            Phase::Idle | Phase::Finished => {}
        }
        Ok(Phase::Finished)
    }

    /// Accounts for an agent's end. A kill from outside says nothing of the model:
    /// the next agent loads it again.
    fn account(
        phase: &Phase,
        exit: &Exit,
        backlog: &mut Backlog<'_>,
        emit: &mut dyn FnMut(SweepEvent) -> Result<()>,
    ) -> Result<()> {
        let (failure, evidence) = exit.cause();
        match phase {
            Phase::Trial(trial_id) => backlog.lose(trial_id, failure, &evidence, emit),
            // Nor does a link that is lost.
            Phase::Loading if matches!(failure, Failure::Killed | Failure::DeviceLost) => Ok(()),
            Phase::Loading => backlog.lose_all(failure, &format!("while loading: {evidence}"), emit),
            Phase::Idle | Phase::Finished => Ok(()),
        }
    }
}

fn is_frozen(run: &dyn AgentRun) -> bool {
    run.unresponsive().is_some_and(|period| period.duration > FROZEN_PATIENCE)
}

/// Why an agent was given up.
fn no_sign_of_life(period: Option<&Unresponsive>) -> String {
    let words = "the agent gave no sign of life and was ended".to_owned();
    period.map_or(words.clone(), |Unresponsive { duration, process_state }| {
        format!(
            "{words}: frozen for {} s (process state {process_state}), while its device answered",
            duration.as_secs()
        )
    })
}
