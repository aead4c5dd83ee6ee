//! Runs a plan on its devices at once: a thread for each, at its own pace. Every
//! event goes to one recorder, so that `events.jsonl` stays one ordered file.
//!
//! A device that is lost does not stop the others. What was left of its run at hand
//! gets rows that say so, later runs get none: `--resume` measures both when it is back.

use crate::{
    session::{Ending, Failures, Session},
    store::{Store, SweepEvent, Tables},
};
use slm_device::{Device, StagedModel};
use slm_plan::{
    Plan,
    error::{Error, Result},
    interrupt::Interrupt,
};
use slm_protocol::{CpuList, Failure};
use slm_provision::StageError;
use slm_results::schema::Status;
use std::{
    cell::RefCell,
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

/// A device that takes part.
pub struct Member {
    /// The device.
    pub device: Box<dyn Device>,
    /// Its compute threads; `None`: the plan's.
    pub threads: Option<u32>,
    /// CPUs that it computes on; `None`: the plan's.
    pub affinity: Option<CpuList>,
}

/// How a device's part of a sweep ended.
#[derive(Debug)]
pub enum DeviceEnd {
    /// Every trial has its row.
    Complete,
    /// The user asked to stop.
    Interrupted,
    /// It went away, or its agent cannot be used any more.
    Lost(Error),
}

/// A plan and the devices that it runs on.
pub struct Fleet<'a> {
    /// What is measured.
    pub plan: &'a Plan,
    /// The sweep's id, by which a device knows its runs.
    pub sweep: &'a str,
    /// Where.
    pub members: &'a [Member],
    /// The user's wish to stop.
    pub interrupt: &'a Interrupt,
}

/// Shows events as they come.
pub type Watch<'a> = dyn FnMut(&Tables, &SweepEvent) + Send + 'a;

/// The one owner of the results folder while devices measure.
struct Recorder<'a> {
    store: &'a mut Store,
    watch: &'a mut Watch<'a>,
    failed: Option<Error>,
}

impl Fleet<'_> {
    /// Measures what is left on every device. Tells how each one's part ended, in
    /// the order of the members.
    ///
    /// # Errors
    /// When an event cannot be recorded: that stops the sweep on all devices.
    pub fn run<'a>(&self, store: &'a mut Store, watch: &'a mut Watch<'a>) -> Result<Vec<DeviceEnd>> {
        let recorder = Mutex::new(Recorder { store, watch, failed: None });
        let parts: Vec<DeviceEnd> = thread::scope(|scope| {
            let recorder = &recorder;
            let start = |member| scope.spawn(move || self.measure(member, recorder));
            let threads: Vec<_> = self.members.iter().map(start).collect();
            let broken = || DeviceEnd::Lost(Error::Internal("its thread ended unexpectedly".into()));
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| broken())).collect()
        });
        let recorder = recorder.into_inner().unwrap_or_else(PoisonError::into_inner);
        recorder.failed.map_or(Ok(parts), Err)
    }

    fn measure(&self, member: &Member, recorder: &Mutex<Recorder<'_>>) -> DeviceEnd {
        let mut emit = |event: SweepEvent| self.record(recorder, &event);
        match self.runs(member, recorder, &mut emit) {
            Ok(Ending::Complete) => DeviceEnd::Complete,
            Ok(Ending::Interrupted) => DeviceEnd::Interrupted,
            Ok(Ending::DeviceLost(why)) => Self::lost(member, Error::Device(why), &mut emit),
            Err(error) => Self::lost(member, error, &mut emit),
        }
    }

    fn lost(member: &Member, error: Error, emit: &mut dyn FnMut(SweepEvent) -> Result<()>) -> DeviceEnd {
        let (device, reason) = (member.device.name().to_owned(), error.to_string());
        // Where recording itself has failed, that error is told in the end.
        let _ = emit(SweepEvent::DeviceLost { device, reason });
        DeviceEnd::Lost(error)
    }

    /// Run by run and model by model, what is left on one device.
    fn runs(
        &self,
        member: &Member,
        recorder: &Mutex<Recorder<'_>>,
        emit: &mut dyn FnMut(SweepEvent) -> Result<()>,
    ) -> Result<Ending> {
        let (plan, device) = (self.plan, member.device.as_ref());
        let (remaining, recall, recorded) = {
            let recorder = lock(recorder);
            let tables = recorder.store.tables();
            let recall = RefCell::new(tables.recall(device.name()));
            (tables.remaining(device.name()), recall, recorder.store.recorded(device.name()).cloned())
        };
        let failures = RefCell::new(Failures::default());
        // What was brought to the device once is there for all runs.
        let mut staged: HashMap<usize, StagedModel> = HashMap::new();
        for pending in runs(plan, &remaining) {
            let (run, model) = (plan.trials[pending[0]].run, plan.trials[pending[0]].model);
            let there = match staged.get(&model) {
                Some(there) => Ok(there.clone()),
                None => device.stage_model(&plan.input.models[model]),
            };
            let ending = match there {
                Ok(model_on_device) => {
                    staged.insert(model, model_on_device.clone());
                    let session = Session {
                        device,
                        plan,
                        sweep: self.sweep,
                        run,
                        model,
                        failures: &failures,
                        recorded: recorded.as_ref(),
                        model_on_device,
                        threads: member.threads,
                        affinity: member.affinity.clone(),
                        recall: &recall,
                        interrupt: self.interrupt,
                    };
                    session.run(pending.to_vec(), emit)?
                }
                // What was waited for is not, once the user asked to stop: that says nothing of the model.
                Err(_) if self.interrupt.is_set() => Ending::Interrupted,
                Err(StageError { failure: Failure::DeviceLost, message }) => Ending::DeviceLost(message),
                Err(error) => lose_model(device, plan, pending, &error, emit)?,
            };
            // Later trials stay without a row: a resumed sweep measures them.
            if ending != Ending::Complete {
                return Ok(ending);
            }
        }
        Ok(Ending::Complete)
    }

    /// Records an event and shows it. After a failure nothing more is recorded, and
    /// every device is asked to stop.
    fn record(&self, recorder: &Mutex<Recorder<'_>>, event: &SweepEvent) -> Result<()> {
        let mut recorder = lock(recorder);
        if recorder.failed.is_some() {
            return Err(Error::Internal("the sweep was stopped".into()));
        }
        if let Err(error) = recorder.store.record(event) {
            self.interrupt.raise();
            let said = Error::Internal(error.to_string());
            recorder.failed = Some(error);
            return Err(said);
        }
        let Recorder { store, watch, .. } = &mut *recorder;
        watch(store.tables(), event);
        Ok(())
    }
}

/// The trials that are left, divided into runs of one model each, in the planned order; none is empty.
fn runs<'t>(plan: &Plan, remaining: &'t [usize]) -> impl Iterator<Item = &'t [usize]> {
    let of = |trial: usize| (plan.trials[trial].run, plan.trials[trial].model);
    remaining.chunk_by(move |a, b| of(*a) == of(*b))
}

/// A thread that panicked while it held the lock left whole lines: each is one write.
fn lock<'r, 'a>(recorder: &'r Mutex<Recorder<'a>>) -> MutexGuard<'r, Recorder<'a>> {
    recorder.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A model whose file cannot be made or brought to the device: a row for each trial.
fn lose_model(
    device: &dyn Device,
    plan: &Plan,
    pending: &[usize],
    error: &StageError,
    emit: &mut dyn FnMut(SweepEvent) -> Result<()>,
) -> Result<Ending> {
    for &trial in pending {
        emit(SweepEvent::TrialLost {
            device: device.name().to_owned(),
            trial_id: plan.trials[trial].id.clone(),
            status: Status::Failed,
            failure: error.failure,
            evidence: error.message.clone(),
        })?;
    }
    Ok(Ending::Complete)
}
