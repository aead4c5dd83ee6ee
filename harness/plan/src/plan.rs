//! The plan: every trial of a sweep in its order.

use crate::{
    digest::sha256_hex,
    error::{Error, Result},
    input::{PlanInput, PlannedTrial},
    order,
    prompts::Context,
};
use serde::{Deserialize, Serialize};

/// A whole plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What it was made from.
    pub input: PlanInput,
    /// Every trial, in order: run by run, and within a run model by model.
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
            return Err(Error::input(
                what,
                "a million is the most; give fewer models, --runs or --repetitions",
            ));
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

    /// Checks what was read from a file: every index must exist, and every model.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self) -> std::result::Result<(), String> {
        if let Some(model) = self.input.models.iter().find(|model| model.is_pending()) {
            return Err(format!("the model {} was not provided", model.name));
        }
        for trial in &self.trials {
            if trial.model >= self.input.models.len() || trial.prompt >= self.input.prompts.len() {
                return Err(format!("trial {} points to a model or prompt that is not there", trial.id));
            }
        }
        Ok(())
    }
}
