//! Models that TVM compiled, by MLC-LLM's convention: a library with the functions `embed`,
//! `prefill`, `decode`, `create_tir_paged_kv_cache` and `_metadata`, and its weights in a
//! folder. The token loop is the agent's own. TVM is opened at run time.

pub(super) mod bridge;
pub(super) mod errors;
pub(super) mod metadata;
mod model;
pub(super) mod runtime;
mod session;
#[cfg(test)]
mod tests;
mod tokens;

use super::{
    entry::{EngineEntry, LoadRequest},
    error::LoadError,
    model::Model,
};
use slm_protocol::EngineKind;
use std::path::Path;

pub(super) const ENGINE: EngineEntry =
    EngineEntry { kind: EngineKind::TvmRelaxVm, facts: model::facts, load };

fn load(request: &LoadRequest<'_>) -> Result<Box<dyn Model>, LoadError> {
    let compiled = runtime::compiled(request)?;
    Ok(Box::new(model::TvmModel::load(Path::new(&request.model.path), compiled)?))
}
