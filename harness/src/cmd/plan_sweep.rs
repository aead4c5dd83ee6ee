//! From the arguments of `bench sweep` to a plan.

use super::compute::{Compute, Seen, is_phone};
use crate::{
    cli::{LoadArg, SweepArgs, SwitchArg, ToggleArg},
    error::{Error, Result},
    interrupt::Interrupt,
    models::{self, Machine},
    plan::{Conditions, Plan, PlanInput},
    prompts,
};
use slm_protocol::{CoolDown, EngineKind, EngineOptions, FlashAttention, LoadMode};
use std::time::Duration;

/// Rest between trials on this machine, in which the host writes its files.
const GAP_MS: u64 = 20;
/// How to get an agent that runs models compiled by TVM.
const GET_MLC: &str = "`pip install apache-tvm-ffi`, then TVM_FFI_INCLUDE=$(tvm-ffi-config --includedir) cargo build \
                       --release -p slm-agent --features mlc (docs/mlc.md)";
const GET_PHONE_MLC: &str =
    "`bench agent build --mlc`, or name one that has it in SLM_PHONE_AGENT (docs/mlc.md)";
/// How long a trial waits for a cooler device at most, where nothing is said.
const COOL_TIMEOUT: Duration = Duration::from_mins(2);

/// Makes the plan for devices by name; their agents tell what they can do.
///
/// # Errors
/// [`Error::Input`] that names what is wrong and the remedy.
pub(super) fn plan(
    args: &SweepArgs,
    engines: &[EngineKind],
    devices: &[Seen],
    interrupt: &Interrupt,
) -> Result<Plan> {
    let prompts = prompts::prompts(args.prompts.as_deref(), &args.contexts())?;
    for Seen { name, agent, .. } in devices {
        for engine in engines {
            if !agent.engines.iter().any(|has| has.engine == *engine) {
                let what = format!("the agent of {name} has no {} engine", engine.into_str());
                return Err(Error::input(what, remedy(*engine, name)));
            }
        }
    }
    let machine = |seen: &Seen| Machine { device: seen.name.clone(), target: seen.agent.target.clone() };
    let machines: Vec<Machine> = devices.iter().map(machine).collect();
    let models = models::resolve_all(args, engines, &machines, interrupt)?;
    Plan::new(PlanInput {
        devices: devices.iter().map(|device| device.name.clone()).collect(),
        models,
        prompts,
        prompt_set: args.prompts.as_ref().map(|source| source.display().to_string()),
        options: options(args, devices)?,
        repetitions: args.repetitions(),
        warmups: args.warmups,
        timeout_ms: u64::try_from(args.timeout.as_millis()).unwrap_or(u64::MAX),
        gap_ms: GAP_MS,
        seed: args.seed,
        conditions: conditions(args, devices),
    })
}

/// The engines asked for, each once.
pub(super) fn engines(args: &SweepArgs) -> Result<Vec<EngineKind>> {
    let mut engines: Vec<EngineKind> = Vec::new();
    for engine in args.backend.iter().map(|backend| backend.engine()) {
        if !engines.contains(&engine) {
            engines.push(engine);
        }
    }
    if engines.len() > 1 && engines.contains(&EngineKind::Null) {
        let what = "--backend null measures the harness itself, beside no other engine";
        return Err(Error::input(what, "give it alone"));
    }
    if args.mlc_runtime.is_some() && !engines.iter().any(|engine| models::runs_compiled(*engine)) {
        let what = "--mlc-runtime is of no use to this backend";
        return Err(Error::input(what, "add mlc or mlc-llm to --backend, or leave it out"));
    }
    Ok(engines)
}

/// How to get an agent with an engine.
fn remedy(engine: EngineKind, device: &str) -> &'static str {
    match engine {
        engine if models::runs_compiled(engine) && is_phone(device) => GET_PHONE_MLC,
        engine if models::runs_compiled(engine) => GET_MLC,
        _ => "build the agent with it, or choose another --backend",
    }
}

fn options(args: &SweepArgs, devices: &[Seen]) -> Result<EngineOptions> {
    // Devices that differ have each their own, beside their facts in the manifest.
    let own = devices.iter().map(|device| Compute::of(args, device));
    let mut own = own.collect::<Result<Vec<Compute>>>()?;
    let calibrate_threads = own.iter().any(|compute| compute.threads.is_none());
    own.dedup();
    let one = if let [one] = &own[..] { one.clone() } else { Compute::default() };
    Ok(EngineOptions {
        threads: one.threads,
        flash_attention: match args.flash_attention {
            ToggleArg::Auto => FlashAttention::Auto,
            ToggleArg::On => FlashAttention::On,
            ToggleArg::Off => FlashAttention::Off,
        },
        n_ctx: args.ctx,
        n_ubatch: None,
        load: match args.load {
            LoadArg::Mmap => LoadMode::Mmap,
            LoadArg::Read => LoadMode::Read,
        },
        affinity: one.affinity,
        calibrate_threads,
        repack: args.repack == SwitchArg::On,
    })
}

/// The gate is there where a phone is, and wherever it is asked for; a time-out of 0
/// means none.
fn conditions(args: &SweepArgs, devices: &[Seen]) -> Conditions {
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let timeout = args.cool_timeout.unwrap_or(COOL_TIMEOUT);
    let phones = devices.iter().any(|device| is_phone(&device.name));
    let asked = phones || args.cool_to.is_some() || args.cool_timeout.is_some();
    let gate = CoolDown { to_c: args.cool_to, timeout_ms: milliseconds(timeout) };
    Conditions {
        telemetry_ms: milliseconds(args.telemetry_interval),
        cool_down: (asked && !timeout.is_zero()).then_some(gate),
    }
}
