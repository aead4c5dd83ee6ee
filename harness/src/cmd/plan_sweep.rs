//! From the arguments of `bench sweep` to a plan.

use super::compute::{Compute, Seen, is_phone};
use crate::{
    cli::{BackendArg, LoadArg, SweepArgs, SwitchArg, ToggleArg},
    error::{Error, Result},
    interrupt::Interrupt,
    models,
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
/// How long a trial waits for a cooler device at most, where nothing is said.
const COOL_TIMEOUT: Duration = Duration::from_mins(2);

/// Makes the plan for devices by name; their agents tell what they can do.
///
/// # Errors
/// [`Error::Input`] that names what is wrong and the remedy.
pub(super) fn plan(args: &SweepArgs, devices: &[Seen], interrupt: &Interrupt) -> Result<Plan> {
    let prompts = prompts::prompts(args.prompts.as_deref(), &args.contexts())?;
    let backend = match args.backend {
        BackendArg::Llama => EngineKind::Llama,
        BackendArg::Mlc => EngineKind::TvmRelaxVm,
        BackendArg::Null => EngineKind::Null,
    };
    if args.mlc_runtime.is_some() && args.backend != BackendArg::Mlc {
        return Err(Error::input(
            "--mlc-runtime is of no use to this backend",
            "add --backend mlc, or leave it out",
        ));
    }
    for Seen { name, agent, .. } in devices {
        if !agent.engines.iter().any(|engine| engine.engine == backend) {
            let what = format!("the agent of {name} has no {} engine", backend.name());
            let remedy = match args.backend {
                BackendArg::Mlc => GET_MLC,
                _ => "build the agent with it, or choose another --backend",
            };
            return Err(Error::input(what, remedy));
        }
        if args.backend == BackendArg::Mlc && is_phone(name) {
            let what = format!("compiled models are not yet sent to phones, and {name} is one");
            return Err(Error::input(
                what,
                "measure them with --device local, or choose --backend llama.cpp",
            ));
        }
    }
    let models = models::resolve_all(args, backend, interrupt)?;
    Plan::new(PlanInput {
        devices: devices.iter().map(|device| device.name.clone()).collect(),
        backend,
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
