//! The trials of a run, one after another.

use crate::{
    clock,
    contention::Moment,
    engine::{Model, Opened, Running},
    gate::Gate,
    memory::Memory,
    output::Output,
    prepare::Prepared,
    run::RunError,
    signals,
    telemetry::Sampler,
    trial::{Measured, Stop, Trial},
    watchdog::Watchdog,
};
use slm_protocol::{
    Contention, Event, Failure, Job, MemoryReading, Progress, Timestamps, TrialOrder, TrialOutcome,
    TrialReport,
};
use std::{collections::BTreeMap, time::Duration};

/// What every trial of a run shares.
pub(crate) struct Trials<'a> {
    pub(crate) job: &'a Job,
    pub(crate) prompts: &'a [Prepared],
    pub(crate) model: &'a dyn Model,
    pub(crate) opened: Opened<'a>,
    pub(crate) memory: Memory,
    pub(crate) sampler: Sampler,
    pub(crate) gate: Option<Gate>,
    pub(crate) watchdog: Watchdog,
}

impl Trials<'_> {
    /// Runs all of them.
    pub(crate) fn run(&mut self, output: &Output) -> Result<(), RunError> {
        for order in &self.job.trials {
            if let Some(report) = self.gate.as_ref().and_then(|gate| gate.wait(&order.trial_id)) {
                if signals::interrupted() {
                    return Err(RunError::Interrupted);
                }
                output.emit(Event::CoolDown(report))?;
            }
            self.one(order, output)?;
            if let Running::Answers(answerer) = &self.opened.running
                && !answerer.is_usable()
            {
                return Err(RunError::Unusable(order.trial_id.clone()));
            }
            signals::sleep(Duration::from_millis(self.job.gap_ms));
            if signals::interrupted() {
                return Err(RunError::Interrupted);
            }
        }
        Ok(())
    }

    /// Runs one trial and reports it. What is read around it is read before its
    /// first and after its last measured step, and written after it.
    fn one(&mut self, order: &TrialOrder, output: &Output) -> Result<(), RunError> {
        let prompt = &self.prompts[order.prompt];
        output.emit(Event::TrialStarted { trial_id: order.trial_id.clone() })?;
        self.sampler.begin(&order.trial_id);
        let peak_is_fresh = self.memory.reset_peak();
        let started_unix_ns = clock::unix_ns();
        self.watchdog.trial(&order.trial_id, started_unix_ns, self.job.trial_timeout_ms);
        let before = Moment::now();
        let measured = match &prompt.report.unsupported {
            Some(reason) => refused(reason),
            None => self.measure(order, prompt, output)?,
        };
        self.watchdog.rest();
        let contention = before.until(&Moment::now());
        let rss_peak = peak_is_fresh.then(Memory::peak_since_reset).flatten();
        let samples = self.sampler.end();
        let at_end = self.memory.read();
        for sample in samples {
            output.emit(Event::Telemetry(sample))?;
        }
        let report = report(order, measured, started_unix_ns, contention, rss_peak, at_end);
        output.emit(Event::TrialFinished(Box::new(report)))?;
        Ok(())
    }

    fn measure(
        &mut self,
        order: &TrialOrder,
        prompt: &Prepared,
        output: &Output,
    ) -> Result<Measured, RunError> {
        let trial = Trial {
            prompt,
            generation: &self.job.generation,
            timeout: Duration::from_millis(self.job.trial_timeout_ms),
            warmup: order.warmup,
        };
        let progress = |progress: Progress| {
            output.emit(Event::Progress(Progress { trial_id: order.trial_id.clone(), ..progress }))
        };
        let measured = match (&mut self.opened.running, self.model.vocabulary()) {
            (Running::Steps(session), Some(vocabulary)) => {
                trial.run(vocabulary, session.as_mut(), &self.memory, progress)
            }
            (Running::Steps(_), None) => Ok(refused("this engine reads no text")),
            (Running::Answers(answerer), _) => trial.ask(answerer.as_mut()),
        };
        measured.map_err(|stop| match stop {
            Stop::Interrupted => RunError::Interrupted,
            Stop::Output(error) => RunError::Output(error),
        })
    }
}

/// A trial that cannot run is a row with a reason.
fn refused(reason: &str) -> Measured {
    Measured {
        outcome: TrialOutcome::Failed { failure: Failure::Unsupported, message: reason.to_owned() },
        n_in: None,
        n_evaluated: None,
        times: Timestamps::default(),
        output: None,
        engine_figures: BTreeMap::new(),
        rss_after_prefill: None,
        after_prefill: None,
    }
}

fn report(
    order: &TrialOrder,
    measured: Measured,
    started_unix_ns: u64,
    contention: Contention,
    rss_peak: Option<u64>,
    at_end: MemoryReading,
) -> TrialReport {
    TrialReport {
        trial_id: order.trial_id.clone(),
        started_unix_ns,
        outcome: measured.outcome,
        n_in: measured.n_in,
        n_evaluated: measured.n_evaluated,
        times: measured.times,
        output: measured.output,
        engine_figures: measured.engine_figures,
        rss_peak,
        rss_after_prefill: measured.rss_after_prefill,
        after_prefill: measured.after_prefill,
        at_end,
        contention,
    }
}
