//! From the arguments of `bench sweep` to a plan.

use crate::{
    cli::{BackendArg, LoadArg, SweepArgs, ThreadsArg, ToggleArg},
    error::{Error, Result},
    models,
    plan::{Plan, PlanInput},
    prompts::{self, PromptSet},
};
use slm_protocol::{AgentFacts, EngineKind, EngineOptions, FlashAttention, LoadMode};

/// Rest between trials on this machine, in which the host writes its files.
const GAP_MS: u64 = 20;

/// Makes the plan for devices by name; their agents tell what they can do.
///
/// # Errors
/// [`Error::Input`] that names what is wrong and the remedy.
pub(super) fn plan(args: &SweepArgs, devices: &[(String, AgentFacts)]) -> Result<Plan> {
    let set = args.prompts.as_deref().map_or_else(|| Ok(PromptSet::builtin()), PromptSet::read)?;
    let backend = match args.backend {
        BackendArg::Llama => EngineKind::Llama,
        BackendArg::Null => EngineKind::Null,
    };
    for (name, agent) in devices {
        if !agent.engines.iter().any(|engine| engine.engine == backend) {
            let what = format!("the agent of {name} has no {} engine", backend.name());
            return Err(Error::input(what, "build the agent with it, or choose another --backend"));
        }
    }
    let models = models::resolve_all(args, backend)?;
    Plan::new(PlanInput {
        devices: devices.iter().map(|(name, _)| name.clone()).collect(),
        backend,
        models,
        prompts: prompts::build(&set, &args.contexts()),
        options: options(args, devices),
        repetitions: args.repetitions(),
        warmups: args.warmups,
        timeout_ms: u64::try_from(args.timeout.as_millis()).unwrap_or(u64::MAX),
        gap_ms: GAP_MS,
        seed: args.seed,
    })
}

/// Threads of a device, fixed once, so that all models of a sweep run with one count.
pub(super) fn threads(args: &SweepArgs, agent: &AgentFacts) -> u32 {
    match args.threads {
        ThreadsArg::Count(threads) => threads,
        ThreadsArg::Auto => free_cores(agent.machine.physical_cores, agent.machine.busy_cores),
    }
}

fn options(args: &SweepArgs, devices: &[(String, AgentFacts)]) -> EngineOptions {
    // Devices that differ have each their own count, beside their facts in the manifest.
    let mut counts: Vec<u32> = devices.iter().map(|(_, agent)| threads(args, agent)).collect();
    counts.dedup();
    EngineOptions {
        threads: if let [one] = counts[..] { Some(one) } else { None },
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
