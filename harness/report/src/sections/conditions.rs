//! The conditions of every figure: run, plan and models.

use super::section::Section;
use crate::{
    command_line::quoted,
    data::{ReportData, Run},
    table::{Field, Table},
};
use slm_plan::text;
use slm_protocol::{FlashAttention, LoadMode, StopRule};
use slm_results::manifest::DeviceRecord;

/// The section.
pub(super) fn section(data: &ReportData) -> Section {
    let mut section = Section::new("conditions", "What was measured, and where");
    let several = data.runs.len() > 1;
    for (index, run) in data.runs.iter().enumerate() {
        let of = if several { format!(" ({})", run.id) } else { String::new() };
        section =
            section.table(format!("Run{of}"), conditions(data, index)).table(format!("Plan{of}"), plan(run));
        section.lead.extend(run.sampled.iter().map(|remark| format!("{}: {remark}.", run.id)));
    }
    section.table("Models", models(data))
}

/// Facts of a run, name and value.
fn conditions(data: &ReportData, index: usize) -> Table {
    let run = &data.runs[index];
    let mut table = Table::new(&["", ""]);
    let mut say = |name: &str, value: String| {
        if !value.is_empty() {
            table.push(vec![Field::text(name), Field::text(value)]);
        }
    };
    let manifest = &run.manifest;
    say("Results folder", run.id.clone());
    say("Started", manifest.created_at.clone());
    for (index, command) in run.commands.iter().enumerate() {
        let name = if index == 0 { "Command line" } else { "Resumed with" };
        say(name, quoted(command));
    }
    say("bench", format!("{}, commit {}", manifest.tool.version, manifest.tool.commit));
    let host = &manifest.host;
    let memory = host.memory_total.map(text::bytes);
    let parts = [host.cpu.clone(), memory, host.os.clone(), host.kernel.clone()];
    say("Host", parts.into_iter().flatten().collect::<Vec<_>>().join(", "));
    for device in &manifest.devices {
        let (agent, machine) = (&device.agent, &device.agent.machine);
        say(
            &format!("Device {}", device.name),
            format!(
                "{}; {} cores, of which {:.1} were busy; {}, of which {} were free; {}",
                machine.cpu,
                machine.physical_cores,
                machine.busy_cores,
                text::bytes(machine.memory_total),
                text::bytes(machine.memory_available),
                machine.kernel
            ),
        );
        say(&format!("Remarks on {}", device.name), remarks(data, index, device).join("; "));
        say("Agent", format!("{}, flavour {}, {}", agent.agent_version, agent.flavour, agent.target));
        let used = manifest.plan.input.engines();
        for engine in agent.engines.iter().filter(|engine| used.contains(&engine.engine)) {
            say("Engine", format!("{} {}", engine.engine.into_str(), engine.version));
            say("Build flags", engine.build_flags.join(" "));
            say("CPU features used", engine.cpu_features.join(" "));
        }
    }
    say("Results format", manifest.format.to_string());
    say("Plan (SHA-256)", manifest.plan_sha256.clone());
    table
}

/// What was found about a device before the sweep, and what its agents said beside figures:
/// sensors left out, values that nobody knows. Each once.
fn remarks(data: &ReportData, run: usize, device: &DeviceRecord) -> Vec<String> {
    let findings = device.condition.iter().flat_map(|condition| &condition.findings);
    let of_device =
        data.subjects.iter().filter(|subject| subject.run == run && subject.device == device.name);
    let notes = of_device.filter_map(|subject| subject.ready.as_deref()).flat_map(|ready| &ready.notes);
    let mut all: Vec<String> = Vec::new();
    for remark in findings.map(|finding| &finding.text).chain(notes) {
        if !all.contains(remark) {
            all.push(remark.clone());
        }
    }
    all
}

/// How it was measured: the plan's settings.
fn plan(run: &Run) -> Table {
    let mut table = Table::new(&["", ""]);
    let mut say = |name: &str, value: String| table.push(vec![Field::text(name), Field::text(value)]);
    let plan = &run.manifest.plan.input;
    let set = plan.prompt_set.as_deref().map(|set| format!(" ({set})")).unwrap_or_default();
    say("Prompts", format!("{}{set}", plan.prompts.len()));
    let systems = plan.models.iter().filter_map(|model| model.generation.system.clone());
    systems.take(1).for_each(|system| say("System message", system));
    say("Runs of each model", plan.runs.to_string());
    say("Repetitions of each prompt in a run", plan.repetitions.to_string());
    say("Warm-ups of each context length in a run", plan.warmups.to_string());
    say("Seed", plan.seed.to_string());
    say("Time-out of a trial", text::seconds(plan.timeout_ms as f64 / 1e3));
    say("Rest between trials", format!("{} ms", plan.gap_ms));
    if plan.conditions.telemetry_ms > 0 {
        say("Sensors within trials", format!("every {} ms", plan.conditions.telemetry_ms));
    }
    if let Some(gate) = plan.conditions.cool_down {
        let to = gate.to_c.map_or("the starting level".into(), |degrees| format!("{degrees} °C"));
        let most = text::seconds(gate.timeout_ms as f64 / 1e3);
        say("Cool-down before trials", format!("to {to}, for {most} at most"));
    }
    let options = &plan.options;
    let unset = if options.calibrate_threads { "calibrated for each model" } else { "auto" };
    say("Threads asked for", options.threads.map_or(unset.into(), |n| n.to_string()));
    if let Some(cpus) = &options.affinity {
        say("CPUs to compute on", cpus.to_string());
    }
    let flash = match options.flash_attention {
        FlashAttention::Auto => "auto",
        FlashAttention::On => "on",
        FlashAttention::Off => "off",
    };
    say("Flash attention", flash.into());
    say(
        "Context allocated",
        options.n_ctx.map_or("as the longest prompt needs".into(), |n| format!("{n} tokens")),
    );
    let load = match options.load {
        LoadMode::Mmap => "mapped",
        LoadMode::Read => "read into memory",
    };
    say("Weights", load.into());
    say("Repacking", if options.repack { "on" } else { "off" }.into());
    table
}

/// The loaded models, by the engine's own report.
fn models(data: &ReportData) -> Table {
    let mut table = Table::new(&[
        "Model",
        "Weights",
        "#File (MiB)",
        "#Threads",
        "Flash attention",
        "#Context",
        "#Output tokens",
        "Stops at",
        "Runs on",
        "#Measured bandwidth (GB/s)",
    ]);
    for subject in &data.subjects {
        let planned = data.planned(subject);
        let ready = subject.ready.as_deref();
        let flash = ready.and_then(|ready| ready.options.flash_attention);
        let number = |value: Option<f64>| {
            value.map_or_else(|| Field::text("–"), |v| Field::shown(format!("{v:.0}"), v))
        };
        table.push(vec![
            Field::text(&subject.label),
            Field::text(format!("{}, {}", subject.weights, subject.quant)),
            number(planned.map(|planned| planned.file_bytes as f64 / f64::from(1 << 20))),
            number(subject.threads.map(f64::from)),
            Field::text(flash.map_or("–", |on| if on { "on" } else { "off" })),
            number(ready.map(|ready| f64::from(ready.options.n_ctx))),
            number(planned.map(|planned| f64::from(planned.generation.max_new_tokens))),
            Field::text(match planned.map(|planned| planned.generation.stop) {
                Some(StopRule::FixedLength) => "this length",
                Some(StopRule::Natural) => "end token",
                None => "–",
            }),
            Field::text(ready.map_or_else(|| "–".into(), |ready| ready.devices.join(", "))),
            Field::number(ready.and_then(|ready| ready.memory_bandwidth).map(|bytes| bytes / 1e9)),
        ]);
    }
    table.notes.push("Bandwidth: what the agent read from a buffer of the model's size with the same threads, right after loading.".into());
    table
}
