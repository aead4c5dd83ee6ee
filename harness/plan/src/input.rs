//! What a plan is made from, and the trials that it holds.

use crate::{model::PlannedModel, prompts::BuiltPrompt};
use serde::{Deserialize, Serialize};
use slm_protocol::{CoolDown, EngineKind, EngineOptions};

/// A trial of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedTrial {
    /// `t0001`…, in the planned order.
    pub id: String,
    /// Index into [`Plan::models`].
    pub model: usize,
    /// Index into [`Plan::prompts`].
    pub prompt: usize,
    /// The run that it belongs to, from 1.
    pub run: u32,
    /// From 1 within the run; warm-ups count for themselves.
    pub repetition: u32,
    /// Marked, and kept out of summaries.
    pub warmup: bool,
}

/// What a plan is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanInput {
    /// Devices by name.
    pub devices: Vec<String>,
    /// Models, each with its engine.
    pub models: Vec<PlannedModel>,
    /// All prompts, context by context.
    pub prompts: Vec<BuiltPrompt>,
    /// Where they are from: `docassist` or a folder; `None`: the study's own.
    pub prompt_set: Option<String>,
    /// Engine options; `threads` is fixed before the first model is loaded, or left to
    /// a calibration of each model.
    pub options: EngineOptions,
    /// How runs follow one another.
    pub design: Design,
    /// Runs: fresh agent processes with a fresh load of each model; of [`Design::Ab`], at most.
    pub runs: u32,
    /// Measured repetitions of every prompt within a run.
    pub repetitions: u32,
    /// Warm-ups of every context length within a run.
    pub warmups: u32,
    /// Time-out of a trial, milliseconds.
    pub timeout_ms: u64,
    /// Rest between trials, milliseconds.
    pub gap_ms: u64,
    /// Seed of the order and of the intervals.
    pub seed: u64,
    /// What is watched and waited for.
    pub conditions: Conditions,
}

/// How runs follow one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Design {
    /// Blocks that hold every model once, in an order drawn anew for each; all are measured.
    #[default]
    Sweep,
    /// Two settings of a model, A B B A A B…; it ends when the difference is known.
    Ab,
}

/// What is watched within trials, and waited for before them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// How often sensors are read within a trial, milliseconds; 0: never.
    pub telemetry_ms: u64,
    /// How cool a device must be before a trial.
    pub cool_down: Option<CoolDown>,
}

impl PlanInput {
    /// The engines of its models, each once, in their order.
    pub fn engines(&self) -> Vec<EngineKind> {
        let mut engines: Vec<EngineKind> = Vec::new();
        for model in &self.models {
            if !engines.contains(&model.engine) {
                engines.push(model.engine);
            }
        }
        engines
    }
}
