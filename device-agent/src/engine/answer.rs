//! Engines with a token loop of their own: a prompt goes in as text, and text comes out.
#![cfg_attr(not(feature = "mlc"), allow(dead_code, reason = "MLC-LLM's is the only one"))]

use super::{Session, StepError};
use slm_protocol::StopReason;
use std::{collections::BTreeMap, time::Instant};

/// A context, by how its engine is driven.
pub(crate) enum Running<'model> {
    /// Step by step. Its model has a vocabulary.
    Steps(Box<dyn Session + 'model>),
    /// Prompt by prompt.
    Answers(Box<dyn Answerer + 'model>),
}

/// Answers prompts.
pub(crate) trait Answerer {
    /// Answers one prompt, which nothing of an earlier one may make faster.
    fn answer(&mut self, question: &Question<'_>) -> Answer;

    /// Whether another prompt may be given: not after one that did not come to its end.
    fn is_usable(&self) -> bool;
}

/// One prompt and how it is to be answered; always greedily.
pub(crate) struct Question<'a> {
    pub(crate) text: &'a str,
    pub(crate) system: Option<&'a str>,
    pub(crate) max_new_tokens: u32,
    /// Nothing but the length ends the answer.
    pub(crate) ignore_end: bool,
    /// `None`: never given up.
    pub(crate) deadline: Option<Instant>,
}

/// What came of a prompt, as far as it got. Times are nanoseconds of the agent's clock.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The prompt was given.
    pub(crate) request_ns: u64,
    /// The first text was in hand.
    pub(crate) first_text_ns: Option<u64>,
    pub(crate) text: String,
    /// How it ended, or why it did not.
    pub(crate) end: Result<AnswerEnd, StepError>,
}

/// The engine's account of an answer.
#[derive(Debug, PartialEq)]
pub(crate) struct AnswerEnd {
    /// It said that the answer is over.
    pub(crate) at_ns: u64,
    pub(crate) stop: StopReason,
    pub(crate) n_in: u32,
    pub(crate) n_out: u32,
    /// Prompt tokens that it evaluated, where it says.
    pub(crate) n_evaluated: Option<u32>,
    /// What it measured, by its own names.
    pub(crate) figures: BTreeMap<String, f64>,
}
