//! MLC-LLM's own engine, from the user's `libmlc_llm.so` or a runtime that contains it. It
//! tokenizes, schedules and samples by itself: a prompt goes in, text comes out.
//!
//! Loading never blocks the main thread: the engine's `reload` waits for ever when its loop
//! has ended by an error. An engine that broke or hangs is abandoned with its threads until
//! the process ends.

mod bridge;
mod event_sink;
mod figures;
mod model;
mod reply;
mod request;
mod session;
#[cfg(test)]
mod tests;

use super::{
    entry::{EngineEntry, LoadRequest},
    error::LoadError,
    model::Model,
    tvm::runtime,
};
use slm_protocol::EngineKind;
use std::path::Path;

pub(super) const ENGINE: EngineEntry = EngineEntry { kind: EngineKind::MlcLlm, facts: model::facts, load };

fn load(request: &LoadRequest<'_>) -> Result<Box<dyn Model>, LoadError> {
    let compiled = runtime::compiled(request)?;
    Ok(Box::new(model::MlcLlm::load(Path::new(&request.model.path), compiled)?))
}
