//! A context that is driven token by token: the agent reads the clock between the steps.

use super::error::StepError;
use std::time::Instant;

/// A context: runs one sequence, step by step.
pub(crate) trait Session {
    /// Computes with so many threads from now on.
    fn set_threads(&mut self, threads: u32) -> Result<(), StepError>;

    /// Forgets everything evaluated.
    fn reset(&mut self);

    /// From when on a step is aborted; `None`: never.
    fn set_deadline(&mut self, deadline: Option<Instant>);

    /// Evaluates a whole prompt, in one call of the engine if it fits into a batch.
    fn prefill(&mut self, tokens: &[i32]) -> Result<(), StepError>;

    /// The likeliest next token after the last step.
    fn sample(&mut self) -> Result<Sampled, StepError>;

    /// Evaluates one token at the next position.
    fn decode(&mut self, token: i32) -> Result<(), StepError>;

    /// Prompt tokens that the engine says it evaluated since the last reset.
    fn evaluated(&self) -> Option<u32>;
}

/// A sampled token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sampled {
    pub(crate) token: i32,
    /// Whether every logit of the row was finite.
    pub(crate) finite: bool,
}
