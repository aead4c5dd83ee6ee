//! From a request, its models and its devices to a plan.

use crate::{
    Conditions, Plan, PlanInput, PlannedModel,
    compute::Compute,
    device::DeviceFacts,
    error::{Error, Result},
    input::Design,
    prompts,
    request::SweepRequest,
};
use slm_protocol::{CoolDown, EngineKind, EngineOptions};
use std::time::Duration;

/// Rest between trials, in which the host writes its files.
const GAP_MS: u64 = 20;
/// How long a trial waits for a cooler device at most, where nothing is said.
const COOL_TIMEOUT: Duration = Duration::from_mins(2);

/// Checks that every device has every engine asked for.
///
/// # Errors
/// [`Error::Input`] that names the device, the engine and how to get it.
pub fn check_engines(request: &SweepRequest, devices: &[DeviceFacts]) -> Result<()> {
    for device in devices {
        for engine in &request.engines {
            if !device.has_engine(*engine) {
                let what = format!("the agent of {} has no {} engine", device.name, engine.into_str());
                return Err(Error::input(what, remedy(*engine, device)));
            }
        }
    }
    Ok(())
}

/// How to get an agent with an engine.
fn remedy(engine: EngineKind, device: &DeviceFacts) -> &'static str {
    match engine.descriptor().agent_feature {
        Some(_) => device.capabilities.feature_remedy,
        None => "build the agent with it, or choose another --backend",
    }
}

impl Plan {
    /// The plan of a request for these models on these devices.
    ///
    /// # Errors
    /// [`Error::Input`] that names what is wrong and the remedy.
    pub fn of(request: &SweepRequest, models: Vec<PlannedModel>, devices: &[DeviceFacts]) -> Result<Self> {
        Self::new(PlanInput {
            devices: devices.iter().map(|device| device.name.clone()).collect(),
            models,
            prompts: prompts::prompts(request.prompts.as_deref(), &request.contexts)?,
            prompt_set: request.prompts.as_ref().map(|source| source.display().to_string()),
            options: options(request, devices)?,
            design: Design::Sweep,
            runs: request.runs,
            repetitions: request.repetitions,
            warmups: request.warmups,
            timeout_ms: milliseconds(request.timeout),
            gap_ms: GAP_MS,
            seed: request.seed,
            conditions: conditions(request, devices),
        })
    }
}

fn options(request: &SweepRequest, devices: &[DeviceFacts]) -> Result<EngineOptions> {
    // Devices that differ have each their own, beside their facts in the manifest.
    let own = devices.iter().map(|device| Compute::of(request, device));
    let mut own = own.collect::<Result<Vec<Compute>>>()?;
    let calibrate_threads = own.iter().any(|compute| compute.threads.is_none());
    own.dedup();
    let one = if let [one] = &own[..] { one.clone() } else { Compute::default() };
    Ok(EngineOptions {
        threads: one.threads,
        flash_attention: request.flash_attention,
        n_ctx: request.n_ctx,
        n_ubatch: None,
        load: request.load,
        affinity: one.affinity,
        calibrate_threads,
        repack: request.repack,
    })
}

/// The gate is there where a mobile device is, and wherever it is asked for; a time-out of 0
/// means none.
fn conditions(request: &SweepRequest, devices: &[DeviceFacts]) -> Conditions {
    let timeout = request.cool_timeout.unwrap_or(COOL_TIMEOUT);
    let is_mobile = devices.iter().any(|device| device.capabilities.is_mobile);
    let asked = is_mobile || request.cool_to_c.is_some() || request.cool_timeout.is_some();
    let gate = CoolDown { to_c: request.cool_to_c, timeout_ms: milliseconds(timeout) };
    Conditions {
        telemetry_ms: milliseconds(request.telemetry_interval),
        cool_down: (asked && !timeout.is_zero()).then_some(gate),
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
