//! The token loop's steps over a compiled model.

use super::{
    bridge::ffi::Runner,
    errors::{is_out_of_memory, one_line},
    runtime::set_threads,
};
use crate::{
    engine::{
        error::StepError,
        greedy::greedy,
        session::{Sampled, Session},
    },
    host::signals,
};
use cxx::UniquePtr;
use std::{cell::RefMut, time::Instant};

/// The one context of a model; its KV cache is freed with it.
pub(super) struct RelaxSession<'model> {
    runner: RefMut<'model, UniquePtr<Runner>>,
    /// Tokens that the library takes at once.
    chunk: usize,
    /// Tokens that fit into the KV cache.
    context: usize,
    vocabulary: u32,
    /// Tokens in the KV cache.
    filled: usize,
    evaluated: u32,
    deadline: Option<Instant>,
}

impl<'model> RelaxSession<'model> {
    /// Over a runner whose KV cache is open.
    pub(super) fn new(
        runner: RefMut<'model, UniquePtr<Runner>>,
        chunk: usize,
        context: usize,
        vocabulary: u32,
    ) -> Self {
        Self { runner, chunk, context, vocabulary, filled: 0, evaluated: 0, deadline: None }
    }

    /// Threads that TVM really computes with.
    pub(super) fn threads(&self) -> Result<u32, cxx::Exception> {
        Ok(u32::try_from(self.runner.threads()?).unwrap_or(0))
    }

    /// Logits of the last step, padding included.
    pub(super) fn logits(&self) -> &[f32] {
        self.runner.logits()
    }

    /// A step cannot be stopped midway, so this is called before each.
    fn check(&self) -> Result<(), StepError> {
        let late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if late || signals::interrupted() { Err(StepError::Aborted) } else { Ok(()) }
    }

    /// Checks ids and room, which the library does not.
    fn admit(&mut self, tokens: &[i32]) -> Result<(), StepError> {
        let known = |token: &i32| u32::try_from(*token).is_ok_and(|token| token < self.vocabulary);
        if let Some(token) = tokens.iter().find(|token| !known(token)) {
            let size = self.vocabulary;
            return Err(StepError::Unsupported(format!("token {token} is not in the vocabulary of {size}")));
        }
        self.filled += tokens.len();
        if self.filled > self.context {
            return Err(StepError::Unsupported("no room was left in the KV cache".to_owned()));
        }
        Ok(())
    }
}

impl Drop for RelaxSession<'_> {
    fn drop(&mut self) {
        self.runner.pin_mut().close();
    }
}

impl Session for RelaxSession<'_> {
    fn set_threads(&mut self, threads: u32) -> Result<(), StepError> {
        set_threads(&self.runner, threads).map_err(failed)
    }

    fn reset(&mut self) {
        self.evaluated = 0;
        // What cannot be reset is full for all that follows.
        self.filled = if self.runner.pin_mut().reset().is_ok() { 0 } else { self.context };
    }

    fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    fn prefill(&mut self, tokens: &[i32]) -> Result<(), StepError> {
        for chunk in tokens.chunks(self.chunk) {
            self.check()?;
            self.admit(chunk)?;
            self.runner.pin_mut().prefill(chunk).map_err(failed)?;
            self.evaluated += u32::try_from(chunk.len()).unwrap_or(u32::MAX);
        }
        Ok(())
    }

    fn sample(&mut self) -> Result<Sampled, StepError> {
        // Padding after the vocabulary's end is no token.
        let row = self.logits();
        let row = row.get(..self.vocabulary as usize).unwrap_or(row);
        if row.is_empty() {
            return Err(StepError::Unsupported("the engine gives no logits".to_owned()));
        }
        Ok(greedy(row))
    }

    fn decode(&mut self, token: i32) -> Result<(), StepError> {
        self.check()?;
        self.admit(&[token])?;
        self.runner.pin_mut().decode(token).map_err(failed)
    }

    fn evaluated(&self) -> Option<u32> {
        Some(self.evaluated)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: cxx::Exception) -> StepError {
    let why = one_line(error.what());
    if is_out_of_memory(&why) { StepError::OutOfMemory(why) } else { StepError::Unsupported(why) }
}
