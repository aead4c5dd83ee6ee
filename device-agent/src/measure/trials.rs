//! The trials of a run, one after another.

use super::{
    clock,
    contention::Moment,
    error::RunError,
    gate::Gate,
    memory::Memory,
    trial::{Measured, Stop, Trial},
    watchdog::Watchdog,
};
use crate::{
    engine::{Decoding, Model, Opened},
    host::{output::Output, signals},
    prepare::Prepared,
    sensors::Sampler,
};
use slm_protocol::{Event, Job, Progress, TrialOrder, TrialReport};
use std::time::Duration;

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
            if let Decoding::WholeReply(generator) = &self.opened.decoding
                && !generator.is_usable()
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
            Some(reason) => Measured::unsupported(reason),
            None => self.measure(order, prompt, output)?,
        };
        self.watchdog.stop();
        let contention = before.until(&Moment::now());
        let rss_peak = peak_is_fresh.then(Memory::peak_since_reset).flatten();
        let samples = self.sampler.end();
        let at_end = self.memory.read();
        for sample in samples {
            output.emit(Event::Telemetry(sample))?;
        }
        let report =
            TrialReport { rss_peak, at_end, contention, ..measured.report(&order.trial_id, started_unix_ns) };
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
        let measured = match (&mut self.opened.decoding, self.model.vocabulary()) {
            (Decoding::Stepwise(session), Some(vocabulary)) => {
                trial.run(vocabulary, session.as_mut(), &self.memory, progress)
            }
            (Decoding::Stepwise(_), None) => Ok(Measured::unsupported("this engine has no tokenizer")),
            (Decoding::WholeReply(generator), _) => trial.generate(generator.as_mut()),
        };
        measured.map_err(|stop| match stop {
            Stop::Interrupted => RunError::Interrupted,
            Stop::Output(error) => RunError::Output(error),
        })
    }
}
