//! llama.cpp. `llama-cpp-2` loads the model and tokenizes; the context is the agent's own code.

mod context;
mod library;
mod log;
mod model;
mod quantize;
mod report;
mod text;

pub(crate) use quantize::{QuantizeOptions, quantize};

use super::{entry::EngineEntry, error::LoadError, model::Model};
use slm_protocol::{EngineKind, LoadMode};
use std::path::Path;

pub(super) const ENGINE: EngineEntry = EngineEntry {
    kind: EngineKind::Llama,
    facts: model::facts,
    load: |request| load(Path::new(&request.model.path), request.mode, request.repack),
};

/// Loads a GGUF file. `repack`: repack weights for the CPU's kernels.
pub(super) fn load(path: &Path, mode: LoadMode, repack: bool) -> Result<Box<dyn Model>, LoadError> {
    Ok(Box::new(model::Llama::load(path, mode, repack)?))
}

/// The engine's version.
pub(crate) fn version() -> String {
    model::facts().version
}
