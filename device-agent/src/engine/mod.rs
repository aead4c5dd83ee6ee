//! The engines, behind one interface, and the registry of those in this binary.
//!
//! A new engine needs a folder here, a line in [`ENGINES`], and its descriptor in the
//! protocol ([`slm_protocol::Engine`]).

mod entry;
mod error;
mod generator;
mod greedy;
pub(crate) mod llama;
#[cfg(feature = "mlc")]
mod mlc_llm;
mod model;
mod null;
mod session;
#[cfg(feature = "mlc")]
mod tvm;

pub(crate) use entry::{EngineEntry, LoadRequest};
pub(crate) use error::{LoadError, StepError};
pub(crate) use generator::{GenerateRequest, Generated, Generator};
pub(crate) use model::{ChatTemplate, Decoding, Model, Opened, Setup, Vocabulary};
pub(crate) use session::{Sampled, Session};

use slm_protocol::{EngineFacts, EngineKind, LoadMode};
use std::path::Path;

/// The engines in this binary.
const ENGINES: &[EngineEntry] = &[
    llama::ENGINE,
    null::ENGINE,
    #[cfg(feature = "mlc")]
    tvm::ENGINE,
    #[cfg(feature = "mlc")]
    mlc_llm::ENGINE,
];

/// Facts about the engines in this binary.
pub(crate) fn available() -> Vec<EngineFacts> {
    ENGINES.iter().map(|engine| (engine.facts)()).collect()
}

/// Loads a model into an engine.
pub(crate) fn load(kind: EngineKind, request: &LoadRequest<'_>) -> Result<Box<dyn Model>, LoadError> {
    match ENGINES.iter().find(|engine| engine.kind == kind) {
        Some(engine) => (engine.load)(request),
        None => Err(LoadError::unsupported(missing(kind))),
    }
}

/// Loads a GGUF file into llama.cpp, with its defaults.
pub(crate) fn load_gguf(path: &Path) -> Result<Box<dyn Model>, LoadError> {
    llama::load(path, LoadMode::Mmap, true)
}

fn missing(kind: EngineKind) -> String {
    let engine = kind.descriptor();
    let feature = engine.agent_feature.map(|name| format!(": it was built without the feature {name}"));
    format!("this agent has no {} engine{}", engine.name, feature.unwrap_or_default())
}

/// The engine that does nothing, for tests of what uses engines.
#[cfg(test)]
pub(crate) fn null() -> Box<dyn Model> {
    let model = slm_protocol::ModelFile { name: String::new(), path: String::new(), compiled: None };
    let request = LoadRequest { model: &model, mode: LoadMode::Mmap, repack: true };
    load(EngineKind::Null, &request).expect("it needs nothing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_engine_is_registered_once_and_known_features_are_named() {
        for (index, engine) in ENGINES.iter().enumerate() {
            assert_eq!((engine.facts)().engine, engine.kind);
            assert!(ENGINES[..index].iter().all(|other| other.kind != engine.kind));
        }
        assert!(missing(EngineKind::MlcLlm).contains("without the feature mlc"));
        assert!(missing(EngineKind::Llama).ends_with("no llama.cpp engine"));
    }

    #[test]
    fn descriptors_say_what_the_engines_do() {
        let model = null();
        let capabilities = EngineKind::Null.descriptor().capabilities;
        assert_eq!(model.vocabulary().is_some(), capabilities.tokenizes_before_trial);
    }
}
