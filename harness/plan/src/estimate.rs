//! A rough forecast of time and disk, for `--dry-run` and for the ETA.
//!
//! Prefill is bound by arithmetic (2 operations per parameter and token), decode
//! by reading the weights once per token. The two rates are those of a middling
//! pair of cores; the ETA corrects them by what was measured so far.

use super::{Plan, PlannedModel, PlannedTrial};

/// Operations per second in prefill, assumed.
const PREFILL_OPS_PER_S: f64 = 250e9;
/// Bytes per second in decode, assumed.
const DECODE_BYTES_PER_S: f64 = 14e9;
/// Bytes per second in loading a model, assumed.
const LOAD_BYTES_PER_S: f64 = 500e6;
/// Bytes of results per output token and per trial.
const RESULT_BYTES: (u64, u64) = (50, 2_000);

/// Forecast of a sweep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Time to measure, seconds.
    pub seconds: f64,
    /// Models to be made, bytes.
    pub model_bytes: u64,
    /// Results to be written, bytes.
    pub result_bytes: u64,
}

impl Estimate {
    /// Forecast of a whole plan, whose devices measure at the same time; `present` tells which model files exist already.
    pub fn of(plan: &Plan, present: &[bool]) -> Self {
        let input = &plan.input;
        let load = |model: &PlannedModel| 0.3 + model.file_bytes as f64 / LOAD_BYTES_PER_S;
        let loads = f64::from(input.runs) * input.models.iter().map(load).sum::<f64>();
        let trials: f64 = plan.trials.iter().map(|trial| trial_cost(plan, trial)).sum();
        let missing = input.models.iter().zip(present).filter(|(_, present)| !**present);
        let tokens: u64 =
            plan.trials.iter().map(|t| u64::from(input.models[t.model].generation.max_new_tokens)).sum();
        Self {
            seconds: loads + trials,
            model_bytes: missing.map(|(model, _)| model.file_bytes).sum(),
            result_bytes: input.devices.len() as u64
                * (tokens * RESULT_BYTES.0 + plan.trials.len() as u64 * RESULT_BYTES.1),
        }
    }
}

/// Forecast of one trial, seconds.
pub fn trial_cost(plan: &Plan, trial: &PlannedTrial) -> f64 {
    let model = &plan.input.models[trial.model];
    let prompt = &plan.input.prompts[trial.prompt];
    let prefill =
        f64::from(prompt.nominal_tokens.max(prompt.context.nominal_tokens())) * 2.0 * model.params as f64;
    let decode = f64::from(model.generation.max_new_tokens) * model.file_bytes as f64;
    0.02 + plan.input.gap_ms as f64 / 1e3 + prefill / PREFILL_OPS_PER_S + decode / DECODE_BYTES_PER_S
}
