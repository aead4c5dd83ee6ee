//! A run: one model load, then its trials in order.

use crate::{
    affinity, bandwidth, calibrate, clock,
    engine::{self, LoadError, Model, NO_STEPS, Opened, Running, Setup},
    gate::Gate,
    heartbeat, machine,
    memory::Memory,
    output::Output,
    prepare::{self, Prepared},
    residency, root, signals,
    telemetry::{Sampler, Thermometer},
    trials::Trials,
    watchdog::Watchdog,
};
use slm_protocol::{AgentFacts, Calibration, Event, Failure, Job, LoadReport, MachineFacts, Ready, VERSION};
use std::{io, path::Path};
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
    /// The engine cannot run another trial after this one, which is reported.
    #[error("the engine cannot go on after trial {0}")]
    Unusable(String),
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
pub(crate) fn run(job: &Job, output: &Output) -> Result<(), RunError> {
    let machine = machine::facts();
    output.emit(Event::Hello(Box::new(agent_facts(machine.clone()))))?;
    let asked = job.options.affinity.as_ref();
    // Helpers first: they do not inherit what the compute threads are bound to.
    let helper_cpus = affinity::for_helpers(machine.cpus.as_ref(), asked, &machine.clusters);
    heartbeat::start(output, helper_cpus.clone())?;
    let watchdog = Watchdog::start(output, helper_cpus.clone())?;
    let sampler = Sampler::start(job.telemetry_ms, output, helper_cpus)?;
    if let Some(cpus) = asked
        && let Err(error) = affinity::bind(cpus)
    {
        let message = format!("the CPUs {cpus} cannot be used: {error}");
        return load_failed(LoadError { failure: Failure::Unsupported, message }, output, &watchdog);
    }
    let memory = Memory::open();
    watchdog.load(job.load_timeout_ms);
    let path = Path::new(&job.model.path);
    let load = LoadReport {
        ready_ns: 0,
        file_bytes: residency::bytes(path),
        cached_fraction: residency::cached_fraction(path),
    };
    let model = match engine::load_for(job) {
        Ok(model) => model,
        Err(error) => return load_failed(error, output, &watchdog),
    };
    // Neither this nor the watch over the machine is loading.
    let preparing = clock::now_ns();
    let prompts = prepare::prompts(job, model.as_ref());
    let set_aside = clock::now_ns() - preparing + machine::watch_ns();
    let mut opened = match model.open(&setup(job, &prompts, &machine)) {
        Ok(opened) => opened,
        Err(error) => return load_failed(error, output, &watchdog),
    };
    let load = LoadReport { ready_ns: clock::now_ns().saturating_sub(set_aside), ..load };
    watchdog.rest();
    opened.options.affinity = asked.and_then(|_| affinity::allowed());
    let mut notes = Vec::new();
    let calibration =
        if job.options.calibrate_threads { calibrate(&mut opened, &machine, &mut notes) } else { None };
    let gate = gate(job, &machine, &mut notes);
    if signals::interrupted() {
        return Err(RunError::Interrupted);
    }
    let ready = ready(load, model.as_ref(), &opened, &memory, &machine, &prompts);
    output.emit(Event::Ready(Box::new(Ready { calibration, notes, ..ready })))?;
    let mut trials = Trials {
        job,
        prompts: &prompts,
        model: model.as_ref(),
        opened,
        memory,
        sampler,
        gate,
        watchdog: watchdog.clone(),
    };
    let result = trials.run(output).and_then(|()| {
        output.emit_last(Event::Done { trials: job.trials.len() as u64 })?;
        Ok(())
    });
    watchdog.end();
    result
}

fn load_failed(error: LoadError, output: &Output, watchdog: &Watchdog) -> Result<(), RunError> {
    output
        .emit_last(Event::LoadFailed { failure: error.failure, message: error.message.replace('\n', " ") })?;
    watchdog.end();
    Err(RunError::LoadFailed(error))
}

/// Tries thread counts out. An engine that cannot change them keeps the free cores.
fn calibrate(
    opened: &mut Opened<'_>,
    machine: &MachineFacts,
    notes: &mut Vec<String>,
) -> Option<Calibration> {
    let Running::Steps(session) = &mut opened.running else {
        notes.push(format!("the number of threads was not calibrated: {NO_STEPS}"));
        return None;
    };
    match calibrate::choose(session.as_mut(), machine::physical_cores(), opened.options.n_ctx) {
        Ok(calibration) => {
            opened.options.threads = calibration.threads;
            Some(calibration)
        }
        // What made it fail makes the trials fail too, with a row for each.
        Err(error) => {
            let threads = machine::free_cores(machine);
            if session.set_threads(threads).is_ok() {
                opened.options.threads = threads;
            }
            session.reset();
            notes.push(format!("the number of threads was not calibrated: {error}"));
            None
        }
    }
}

fn gate(job: &Job, machine: &MachineFacts, notes: &mut Vec<String>) -> Option<Gate> {
    let asked = job.cool_down.as_ref()?;
    let gate = Gate::new(asked, machine.temperature_c, Thermometer::under(&root::path("sys")));
    if gate.is_none() {
        notes
            .push("no temperature of CPU, SoC or battery can be read: there is no cool-down gate".to_owned());
    }
    gate
}

/// Decides what the job leaves open.
fn setup(job: &Job, prompts: &[Prepared], machine: &MachineFacts) -> Setup {
    Setup {
        // Bound to some cores, there are no more than those.
        threads: job
            .options
            .threads
            .unwrap_or_else(|| machine::free_cores(machine).min(machine::physical_cores())),
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
        calibration: None,
        notes: Vec::new(),
        model,
    }
}
