//! From the arguments of `bench sweep` to a plan.

use crate::{
    cli::{BackendArg, LoadArg, SweepArgs, SwitchArg, ThreadsArg, ToggleArg},
    device::{Device, Local},
    error::{Error, Result},
    models,
    plan::{Plan, PlanInput},
    prompts,
};
use slm_protocol::{AgentFacts, EngineKind, EngineOptions, FlashAttention, LoadMode};

/// Rest between trials on this machine, in which the host writes its files.
const GAP_MS: u64 = 20;

/// Finds a device by its name.
///
/// # Errors
/// [`Error::Input`] that lists what there is.
pub(super) fn device(name: &str) -> Result<Box<dyn Device>> {
    match name {
        "local" => Ok(Box::new(Local::new()?)),
        _ => Err(Error::input(
            format!("there is no device '{name}'"),
            "type `--device local` for this machine",
        )),
    }
}

/// Makes the plan; `agent` tells what the device can do.
///
/// # Errors
/// [`Error::Input`] that names what is wrong and the remedy.
pub(super) fn plan(args: &SweepArgs, device: &str, agent: &AgentFacts) -> Result<Plan> {
    let prompts = prompts::prompts(args.prompts.as_deref(), &args.contexts())?;
    let backend = match args.backend {
        BackendArg::Llama => EngineKind::Llama,
        BackendArg::Null => EngineKind::Null,
    };
    if !agent.engines.iter().any(|engine| engine.engine == backend) {
        let what = format!("the agent has no {} engine", backend.name());
        return Err(Error::input(what, "build the agent with it, or choose another --backend"));
    }
    let models = models::resolve_all(args, backend)?;
    Plan::new(PlanInput {
        devices: vec![device.to_owned()],
        backend,
        models,
        prompts,
        prompt_set: args.prompts.as_ref().map(|source| source.display().to_string()),
        options: options(args, agent),
        repetitions: args.repetitions(),
        warmups: args.warmups,
        timeout_ms: u64::try_from(args.timeout.as_millis()).unwrap_or(u64::MAX),
        gap_ms: GAP_MS,
        seed: args.seed,
    })
}

/// Threads are fixed here, once, so that all models of a sweep run with one count.
fn options(args: &SweepArgs, agent: &AgentFacts) -> EngineOptions {
    let threads = match args.threads {
        ThreadsArg::Count(threads) => threads,
        ThreadsArg::Auto => free_cores(agent.machine.physical_cores, agent.machine.busy_cores),
    };
    EngineOptions {
        threads: Some(threads),
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
        repack: args.repack == SwitchArg::On,
    }
}

/// Physical cores less those that are busy, at least one.
fn free_cores(physical: u32, busy: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let busy = busy.round().clamp(0.0, f64::from(physical)) as u32;
    (physical - busy).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_never_exceed_the_free_cores() {
        assert_eq!(
            [free_cores(8, 0.2), free_cores(8, 2.7), free_cores(2, 2.0), free_cores(1, 9.0)],
            [8, 5, 1, 1]
        );
    }
}
