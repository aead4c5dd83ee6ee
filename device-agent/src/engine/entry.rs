//! An engine as the registry lists it.

use super::{error::LoadError, model::Model};
use slm_protocol::{EngineFacts, EngineKind, LoadMode, ModelFile};

/// An engine in this binary.
pub(crate) struct EngineEntry {
    pub(crate) kind: EngineKind,
    /// Version, build flags and CPU features, as the engine reports them.
    pub(crate) facts: fn() -> EngineFacts,
    /// Loads a model.
    pub(crate) load: fn(&LoadRequest<'_>) -> Result<Box<dyn Model>, LoadError>,
}

/// What to load, and how. An engine ignores what it has no use for.
#[derive(Clone, Copy)]
pub(crate) struct LoadRequest<'a> {
    pub(crate) model: &'a ModelFile,
    /// How the weights get into memory.
    pub(crate) mode: LoadMode,
    /// Repack weights for the CPU's kernels.
    pub(crate) repack: bool,
}
