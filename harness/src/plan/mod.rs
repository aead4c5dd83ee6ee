//! What a sweep will do, decided in full before anything is measured: models,
//! prompts, options and every trial in its order. The plan is kept in the
//! manifest, so that a resumed sweep does exactly what was left.

mod engines;
mod estimate;
mod order;

#[cfg(test)]
pub(crate) use order::tests as tests_support;

pub use estimate::{Estimate, trial_cost};

use crate::{error::Error, error::Result, prompts::BuiltPrompt, prompts::Context, sha256_hex};
use serde::{Deserialize, Serialize};
use slm_models::{Shape, WeightTypes};
use slm_protocol::{ComputeDevice, CoolDown, EngineKind, EngineOptions, Generation};

/// Whether a model's weights were trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weights {
    /// Random, of the exact shape.
    Synthetic,
    /// The user's file.
    Real,
}

impl Weights {
    /// The name used in every file and table.
    pub fn name(self) -> &'static str {
        match self {
            Weights::Synthetic => "synthetic",
            Weights::Real => "real",
        }
    }
}

/// A model of the sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedModel {
    /// Name in tables: catalogue name, shape or file name.
    pub name: String,
    /// The engine that runs it. In files it stands where [`engines`] puts it.
    #[serde(skip, default = "engines::unset")]
    pub backend: EngineKind,
    /// Trained or random.
    pub weights: Weights,
    /// Weight types, such as `q4_0`.
    pub quant: String,
    /// Parameters.
    pub params: u64,
    /// Bits that a parameter really takes on average, by the types of the tensors;
    /// not in plans of versions before 0.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits_per_weight: Option<f64>,
    /// Size of the model file, bytes.
    pub file_bytes: u64,
    /// Where the file comes from.
    pub source: ModelSource,
    /// How its output is generated.
    pub generation: Generation,
}

/// Where a model file comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ModelSource {
    /// Made from a shape.
    Shape {
        /// The shape.
        shape: Shape,
        /// Types of the weights.
        types: WeightTypes,
        /// Seed of the weights.
        seed: u64,
    },
    /// The user's file.
    File {
        /// Absolute path on the host.
        path: String,
        /// SHA-256 of the file.
        sha256: String,
    },
    /// A folder with a model that TVM compiled.
    Compiled(CompiledSource),
    /// No file: the null engine.
    Nothing,
}

/// A model that TVM compiled and what runs it; absolute paths on the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompiledSource {
    /// The folder of the weights.
    pub path: String,
    /// The model library.
    pub library: String,
    /// SHA-256 of the model library.
    pub sha256: String,
    /// TVM's libraries, in the order in which they are opened.
    pub runtime: Vec<String>,
    /// SHA-256 of each of them.
    pub runtime_sha256: Vec<String>,
    /// What the library was compiled for.
    pub device: ComputeDevice,
    /// All files that the engine reads of the folder, the library among them. Plans of
    /// before have none: they were never for a phone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<CompiledFile>,
    /// TVM's version, where the folder or the runtime tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tvm: Option<String>,
    /// MLC-LLM's version, where its engine runs and the runtime's folder tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mlc_llm: Option<String>,
}

/// A file of a compiled model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompiledFile {
    /// Path within the folder; never leads out of it.
    pub name: String,
    /// Size, bytes.
    pub bytes: u64,
    /// SHA-256.
    pub sha256: String,
}

/// A trial of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedTrial {
    /// `t0001`…, in the planned order.
    pub id: String,
    /// Index into [`Plan::models`].
    pub model: usize,
    /// Index into [`Plan::prompts`].
    pub prompt: usize,
    /// From 1; warm-ups count for themselves.
    pub repetition: u32,
    /// Marked, and kept out of summaries.
    pub warmup: bool,
}

/// What a plan is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanInput {
    /// Devices by name.
    pub devices: Vec<String>,
    /// Models in the order in which they are loaded, each with its engine.
    #[serde(flatten, with = "engines")]
    pub models: Vec<PlannedModel>,
    /// All prompts, context by context.
    pub prompts: Vec<BuiltPrompt>,
    /// Where they are from, as typed: `docassist` or a folder; `None`: the study's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_set: Option<String>,
    /// Engine options; `threads` is fixed before the first model is loaded, or left to
    /// a calibration of each model.
    pub options: EngineOptions,
    /// Measured runs of every prompt.
    pub repetitions: u32,
    /// Warm-up runs of every context length.
    pub warmups: u32,
    /// Time-out of a trial, milliseconds.
    pub timeout_ms: u64,
    /// Rest between trials, milliseconds.
    pub gap_ms: u64,
    /// Seed of the order and of the intervals.
    pub seed: u64,
    /// What is watched and waited for. Plans of format 1.0 had none of it, and keep
    /// their hash.
    #[serde(default, skip_serializing_if = "Conditions::are_none")]
    pub conditions: Conditions,
}

/// What is watched within trials, and waited for before them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// How often sensors are read within a trial, milliseconds; 0: never.
    pub telemetry_ms: u64,
    /// How cool a device must be before a trial.
    pub cool_down: Option<CoolDown>,
}

impl Conditions {
    fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

impl PlanInput {
    /// The engines of its models, each once, in their order.
    pub fn engines(&self) -> Vec<EngineKind> {
        let mut engines: Vec<EngineKind> = Vec::new();
        for model in &self.models {
            if !engines.contains(&model.backend) {
                engines.push(model.backend);
            }
        }
        engines
    }
}

/// A whole plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What it was made from.
    pub input: PlanInput,
    /// Every trial, in order, models one after another.
    pub trials: Vec<PlannedTrial>,
}

/// One cell: what a row of `summary.csv` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// Index into the plan's models.
    pub model: usize,
    /// Context length.
    pub context: Context,
}

impl Plan {
    /// Puts all trials in a seeded, interleaved order.
    ///
    /// # Errors
    /// [`Error::Input`] when there would be nothing to do or far too much.
    pub fn new(input: PlanInput) -> Result<Self> {
        let trials = order::interleave(&input);
        if trials.len() > 1_000_000 {
            let what = format!("the plan has {} trials", trials.len());
            return Err(Error::input(what, "a million is the most; give fewer models or --repetitions"));
        }
        if trials.iter().all(|trial| trial.warmup) {
            return Err(Error::input(
                "the plan has no trials",
                "give at least one model and one context length",
            ));
        }
        Ok(Self { input, trials })
    }

    /// SHA-256 over the plan: two sweeps with one hash measured the same things
    /// in the same order.
    ///
    /// # Errors
    /// [`Error::Internal`] when the plan cannot be written as JSON.
    pub fn hash(&self) -> Result<String> {
        let json = serde_json::to_vec(self).map_err(|error| Error::Internal(format!("plan: {error}")))?;
        Ok(sha256_hex(&json))
    }

    /// The cell of a trial.
    pub fn cell(&self, trial: &PlannedTrial) -> Cell {
        Cell { model: trial.model, context: self.input.prompts[trial.prompt].context }
    }

    /// All cells, in the order of models and contexts.
    pub fn cells(&self) -> Vec<Cell> {
        let mut contexts: Vec<Context> = self.input.prompts.iter().map(|prompt| prompt.context).collect();
        contexts.dedup();
        let models = 0..self.input.models.len();
        models.flat_map(|model| contexts.iter().map(move |&context| Cell { model, context })).collect()
    }

    /// Checks what was read from a file: every index must exist.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self) -> std::result::Result<(), String> {
        for trial in &self.trials {
            if trial.model >= self.input.models.len() || trial.prompt >= self.input.prompts.len() {
                return Err(format!("trial {} points to a model or prompt that is not there", trial.id));
            }
        }
        Ok(())
    }
}
