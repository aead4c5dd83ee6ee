//! A run: one model load, then its trials in order.

use super::{
    affinity, calibrate, clock, error::RunError, gate::Gate, memory::Memory, probe, ready, residency,
    trials::Trials, watchdog::Watchdog,
};
use crate::{
    engine::{self, Decoding, LoadError, LoadRequest, Opened, Setup},
    host::{heartbeat, output::Output, signals},
    prepare::{self, Prepared},
    sensors::{Sampler, Thermometer, machine, root},
};
use slm_models::digest::sha256_hex;
use slm_protocol::{Calibration, ComputeDevice, Event, Job, LoadReport, MachineFacts, Ready};
use std::path::Path;

/// Runs a job from hello to done.
pub(crate) fn run(job: &Job, output: &Output) -> Result<(), RunError> {
    let machine = machine::facts();
    output.emit(Event::Hello(Box::new(ready::agent_facts(machine.clone()))))?;
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
        return load_failed(LoadError::unsupported(message), output, &watchdog);
    }
    let memory = Memory::open();
    watchdog.load(job.load_timeout_ms);
    let path = Path::new(&job.model.path);
    let load = LoadReport {
        ready_ns: 0,
        file_bytes: residency::bytes(path),
        cached_fraction: residency::cached_fraction(path),
    };
    let request = LoadRequest { model: &job.model, mode: job.options.load, repack: job.options.repack };
    let model = match engine::load(job.engine, &request) {
        Ok(model) => model,
        Err(error) => return load_failed(error, output, &watchdog),
    };
    // Neither this nor the wait for other busy processes is part of the load time.
    let preparing = clock::now_ns();
    let prompts = prepare::prompts(job, model.as_ref());
    let not_loading_ns = clock::now_ns() - preparing + machine::watch_ns();
    let mut opened = match model.open(&setup(job, &prompts)) {
        Ok(opened) => opened,
        Err(error) => return load_failed(error, output, &watchdog),
    };
    let load = LoadReport { ready_ns: clock::now_ns().saturating_sub(not_loading_ns), ..load };
    watchdog.stop();
    opened.options.affinity = asked.and_then(|_| affinity::allowed());
    let mut notes = Vec::new();
    let calibration = if job.options.calibrate_threads { calibrate(&mut opened, &mut notes) } else { None };
    let gate = gate(job, &machine, &mut notes);
    notes.extend(sampler.left_out());
    if signals::interrupted() {
        return Err(RunError::Interrupted);
    }
    let mut ready = ready::ready(load, model.as_ref(), &opened, &memory, &prompts);
    if let Some(template) = &job.generation.template {
        ready.model.chat_template_sha256 = Some(sha256_hex(template));
    }
    let threads = opened.options.threads;
    // An engine that computes nothing is as fast on a slow device, and one that computes elsewhere on a slow CPU.
    let is_probed =
        job.engine.descriptor().capabilities.reads_weights && job.model.device() == ComputeDevice::Cpu;
    let (probe, memory_bandwidth) = if is_probed {
        probe::start(model.facts().size, threads, &machine.cpu_features)
    } else {
        (None, None)
    };
    output.emit(Event::Ready(Box::new(Ready { memory_bandwidth, calibration, notes, ..ready })))?;
    if let Some(probe) = probe {
        output.emit(Event::Probe(probe))?;
    }
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
        if let Some(probe) = is_probed.then(|| probe::end(threads, &machine.cpu_features)).flatten() {
            output.emit(Event::Probe(probe))?;
        }
        output.emit_last(Event::Done { trials: job.trials.len() as u64 })?;
        Ok(())
    });
    watchdog.wait_for_exit();
    result
}

fn load_failed(error: LoadError, output: &Output, watchdog: &Watchdog) -> Result<(), RunError> {
    output
        .emit_last(Event::LoadFailed { failure: error.failure, message: error.message.replace('\n', " ") })?;
    watchdog.wait_for_exit();
    Err(RunError::LoadFailed(error))
}

/// Tries thread counts. An engine that cannot change its threads keeps the physical cores.
fn calibrate(opened: &mut Opened<'_>, notes: &mut Vec<String>) -> Option<Calibration> {
    let Decoding::Stepwise(session) = &mut opened.decoding else {
        notes.push(format!("the number of threads was not calibrated: {}", Decoding::NO_TOKENS));
        return None;
    };
    match calibrate::choose(session.as_mut(), machine::physical_cores(), opened.options.n_ctx) {
        Ok(calibration) => {
            opened.options.threads = calibration.threads;
            Some(calibration)
        }
        // What made it fail makes the trials fail too, with a row for each.
        Err(error) => {
            let threads = machine::physical_cores();
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
fn setup(job: &Job, prompts: &[Prepared]) -> Setup {
    Setup {
        // By cores, not by load: every run and every resumption takes as many.
        threads: job.options.threads.unwrap_or_else(machine::physical_cores),
        flash_attention: job.options.flash_attention,
        n_ctx: job.options.n_ctx.unwrap_or_else(|| {
            prepare::context_length(prompts, job.generation.max_new_tokens).unwrap_or(256)
        }),
        n_ubatch: job.options.n_ubatch,
    }
}
