//! A run: one model load, then its trials in order.

use crate::{
    bandwidth, clock,
    contention::Moment,
    engine::{self, LoadError, Model, Opened, Setup},
    machine,
    memory::Memory,
    output::Output,
    prepare::{self, Prepared},
    residency, signals,
    telemetry::Sensors,
    trial::{Measured, Stop, Trial},
};
use slm_protocol::{
    AgentFacts, Contention, Event, Failure, Job, LoadReport, MachineFacts, MemoryReading, Progress, Ready,
    Sample, Timestamps, TrialOrder, TrialOutcome, TrialReport, VERSION,
};
use std::{fs, io, path::Path, time::Duration};
use thiserror::Error;

/// Why a run did not reach its end.
#[derive(Debug, Error)]
pub(crate) enum RunError {
    /// Already reported as an event.
    #[error("{0}")]
    LoadFailed(LoadError),
    /// A signal came.
    #[error("interrupted")]
    Interrupted,
    /// An event could not be recorded.
    #[error("an event cannot be written: {0}")]
    Output(#[from] io::Error),
}

/// Facts for the first event.
pub(crate) fn agent_facts(machine: MachineFacts) -> AgentFacts {
    AgentFacts {
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol: VERSION,
        flavour: env!("SLM_AGENT_FLAVOUR").to_owned(),
        target: env!("SLM_AGENT_TARGET").to_owned(),
        pid: std::process::id(),
        started_unix_ns: clock::started_unix_ns(),
        engines: engine::available(),
        machine,
    }
}

/// Runs a job from hello to done.
pub(crate) fn run(job: &Job, output: &mut Output) -> Result<(), RunError> {
    let machine = machine::facts();
    output.emit(Event::Hello(Box::new(agent_facts(machine.clone()))))?;
    let memory = Memory::open();
    let path = Path::new(&job.model.path);
    let load = LoadReport {
        ready_ns: 0,
        file_bytes: fs::metadata(path).map_or(0, |metadata| metadata.len()),
        cached_fraction: residency::cached_fraction(path),
    };
    let model = match engine::load(job.engine, path, job.options.load, job.options.repack) {
        Ok(model) => model,
        Err(error) => return load_failed(error, output),
    };
    // Neither this nor the watch over the machine is loading.
    let preparing = clock::now_ns();
    let prompts = prepare::prompts(job, model.as_ref());
    let set_aside = clock::now_ns() - preparing + machine::watch_ns();
    let opened = match model.open(&setup(job, &prompts, &machine)) {
        Ok(opened) => opened,
        Err(error) => return load_failed(error, output),
    };
    if signals::interrupted() {
        return Err(RunError::Interrupted);
    }
    let load = LoadReport { ready_ns: clock::now_ns().saturating_sub(set_aside), ..load };
    output.emit(Event::Ready(Box::new(ready(load, model.as_ref(), &opened, &memory, &machine, &prompts))))?;
    let mut trials = Trials {
        job,
        prompts: &prompts,
        model: model.as_ref(),
        opened,
        memory,
        sensors: Sensors::discover(),
    };
    for order in &job.trials {
        trials.run(order, output)?;
        signals::sleep(Duration::from_millis(job.gap_ms));
        if signals::interrupted() {
            return Err(RunError::Interrupted);
        }
    }
    output.emit(Event::Done { trials: job.trials.len() as u64 })?;
    Ok(())
}

fn load_failed(error: LoadError, output: &mut Output) -> Result<(), RunError> {
    output.emit(Event::LoadFailed { failure: error.failure, message: error.message.replace('\n', " ") })?;
    Err(RunError::LoadFailed(error))
}

/// Decides what the job leaves open.
fn setup(job: &Job, prompts: &[Prepared], machine: &MachineFacts) -> Setup {
    Setup {
        threads: job.options.threads.unwrap_or_else(|| machine::free_cores(machine)),
        flash_attention: job.options.flash_attention,
        n_ctx: job.options.n_ctx.unwrap_or_else(|| {
            prepare::context_length(prompts, job.generation.max_new_tokens).unwrap_or(256)
        }),
        n_ubatch: job.options.n_ubatch,
    }
}

fn ready(
    load: LoadReport,
    model: &dyn Model,
    opened: &Opened<'_>,
    memory: &Memory,
    machine: &MachineFacts,
    prompts: &[Prepared],
) -> Ready {
    let model = model.facts().clone();
    // Memory first: the buffer for the bandwidth is not the model's.
    let memory = memory.read();
    let bandwidth = (model.size > 0)
        .then(|| bandwidth::measure(model.size, machine.memory_available, opened.options.threads))
        .flatten();
    Ready {
        load,
        options: opened.options.clone(),
        buffers: opened.buffers,
        devices: opened.devices.clone(),
        memory,
        memory_bandwidth: bandwidth,
        prompts: prompts.iter().map(|prompt| prompt.report.clone()).collect(),
        engine_log: opened.log.clone(),
        model,
    }
}

/// What every trial of a run shares.
struct Trials<'a> {
    job: &'a Job,
    prompts: &'a [Prepared],
    model: &'a dyn Model,
    opened: Opened<'a>,
    memory: Memory,
    sensors: Sensors,
}

impl Trials<'_> {
    /// Runs one trial and reports it. What is read around it is read before its
    /// first and after its last measured step, and written after it.
    fn run(&mut self, order: &TrialOrder, output: &mut Output) -> Result<(), RunError> {
        let prompt = &self.prompts[order.prompt];
        let mut samples: Vec<Sample> = Vec::new();
        output.emit(Event::TrialStarted { trial_id: order.trial_id.clone() })?;
        self.sensors.read(&order.trial_id, &self.memory, &mut samples);
        let peak_is_fresh = self.memory.reset_peak();
        let started_unix_ns = clock::unix_ns();
        let before = Moment::now();
        let measured = match &prompt.report.unsupported {
            Some(reason) => refused(reason),
            None => self.measure(order, prompt, output)?,
        };
        let contention = before.until(&Moment::now());
        let rss_peak = peak_is_fresh.then(Memory::peak_since_reset).flatten();
        let at_end = self.memory.read();
        self.sensors.read(&order.trial_id, &self.memory, &mut samples);
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
        output: &mut Output,
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
        trial.run(self.model, self.opened.session.as_mut(), &self.memory, progress).map_err(|stop| match stop
        {
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
        rss_peak,
        rss_after_prefill: measured.rss_after_prefill,
        after_prefill: measured.after_prefill,
        at_end,
        contention,
    }
}
