//! An engine with a token loop of its own: a prompt goes in as text, and text comes out.
#![cfg_attr(not(feature = "mlc"), allow(dead_code, reason = "only MLC-LLM works so"))]

use super::error::StepError;
use slm_protocol::{Figure, StopReason};
use std::time::Instant;

/// Generates replies to prompts.
pub(crate) trait Generator {
    /// Generates the reply to one prompt. Nothing of an earlier prompt makes it faster.
    fn generate(&mut self, request: &GenerateRequest<'_>) -> Generated;

    /// Whether another prompt can be given. It cannot after one that did not end.
    fn is_usable(&self) -> bool;
}

/// One prompt and how to reply to it; always greedily.
pub(crate) struct GenerateRequest<'a> {
    pub(crate) text: &'a str,
    pub(crate) system: Option<&'a str>,
    pub(crate) max_new_tokens: u32,
    /// Only the length ends the reply.
    pub(crate) ignore_end: bool,
    /// When to give up; `None`: never.
    pub(crate) deadline: Option<Instant>,
}

/// What was generated, as far as it got. Times are nanoseconds of the agent's clock.
#[derive(Debug)]
pub(crate) struct Generated {
    /// When the prompt was given.
    pub(crate) request_ns: u64,
    /// When the first text arrived.
    pub(crate) first_text_ns: Option<u64>,
    pub(crate) text: String,
    /// How the reply ended, or why it did not.
    pub(crate) end: Result<Completion, StepError>,
}

/// The end of a reply, as the engine reports it.
#[derive(Debug, PartialEq)]
pub(crate) struct Completion {
    /// When it was reported.
    pub(crate) at_ns: u64,
    pub(crate) stop: StopReason,
    pub(crate) n_in: u32,
    pub(crate) n_out: u32,
    /// Prompt tokens that were evaluated, where the engine reports them.
    pub(crate) n_evaluated: Option<u32>,
    /// What the engine measured itself.
    pub(crate) figures: Vec<Figure>,
}
