//! MLC-LLM's own engine, of the user's `libmlc_llm.so` or a runtime that has it packed in.
//! It tokenizes, schedules and samples by itself; a prompt goes in, and text comes out.
//!
//! Loading never blocks this thread: the engine's `reload` waits for ever when its loop
//! has ended by an error. An engine that broke or hangs is left alone, threads and all,
//! until the process ends.

mod ear;
mod reply;
mod request;
mod session;
#[cfg(test)]
mod tests;

pub(super) use ear::Ear;

use super::{
    bridge::ffi,
    dlpack,
    metadata::{self, ChatConfig, Metadata, TensorCache},
    one_line, refuse,
};
use crate::{
    affinity, digest,
    engine::{LoadError, Model, Opened, Running, Setup, Vocabulary},
};
use request::Configuration;
use session::Loading;
use slm_protocol::{
    BufferSizes, CompiledModel, EngineFacts, EngineKind, ModelFacts, ResolvedOptions, TvmDevice,
};
use std::path::Path;

/// A model's folder and library, and an opened runtime.
pub(crate) struct MlcLlm {
    folder: String,
    library: String,
    facts: ModelFacts,
    /// Tokens evaluated at once, by the folder.
    chunk: u32,
    device: TvmDevice,
    /// What was opened, for the record.
    opened: Vec<String>,
}

/// The interface compiled in; the engine does not tell its version.
pub(crate) fn facts() -> EngineFacts {
    EngineFacts {
        engine: EngineKind::MlcLlm,
        version: format!("the user's library, through tvm-ffi {} (headers)", ffi::header_version()),
        build_flags: Vec::new(),
        cpu_features: Vec::new(),
    }
}

impl MlcLlm {
    /// Opens the runtime and reads what the folder says of the model.
    pub(crate) fn load(folder: &Path, compiled: &CompiledModel) -> Result<Self, LoadError> {
        let version =
            ffi::open_runtime(&compiled.runtime).map_err(|why| refuse("the MLC-LLM runtime", why))?;
        let hash =
            digest::file(Path::new(&compiled.library)).map_err(|why| refuse(&compiled.library, why))?;
        let config: ChatConfig = metadata::read_json(&folder.join("mlc-chat-config.json"))?;
        let cache: TensorCache = metadata::read_json(&folder.join("tensor-cache.json"))?;
        let described = Metadata::of_folder(&config, cache);
        let opened = vec![
            format!("tvm-ffi {version} (runtime), built with the headers of {}", ffi::header_version()),
            format!("library {}, sha256 {hash}", compiled.library),
            format!("device {}", compiled.device.name()),
        ];
        Ok(Self {
            folder: folder.to_str().ok_or_else(|| refuse(folder.display(), "not UTF-8"))?.to_owned(),
            library: compiled.library.clone(),
            facts: ModelFacts {
                architecture: described.model_type.clone(),
                description: format!("{} {}", described.model_type, described.quantization),
                n_params: described.parameters(),
                size: described.bytes(),
                decode_bytes: described.decode_bytes(),
                n_vocab: config.vocab_size,
                // A sliding window has no end.
                n_ctx_train: positive(described.context_window_size).unwrap_or(u32::MAX),
                chat_template_sha256: None,
            },
            chunk: positive(described.prefill_chunk_size).unwrap_or(0),
            device: compiled.device,
            opened,
        })
    }
}

impl Model for MlcLlm {
    fn facts(&self) -> &ModelFacts {
        &self.facts
    }

    fn vocabulary(&self) -> Option<&dyn Vocabulary> {
        None
    }

    fn open(&self, setup: &Setup) -> Result<Opened<'_>, LoadError> {
        let asked = Configuration {
            model: &self.folder,
            library: &self.library,
            context: setup.n_ctx.min(self.facts.n_ctx_train),
            chunk: setup.n_ubatch.map(|chunk| chunk.min(self.chunk)),
        };
        let config = request::configuration(&asked).to_string();
        let cpus: Vec<u32> = affinity::allowed().iter().flat_map(|cpus| cpus.iter().map(u32::from)).collect();
        let loading = Loading::begin(dlpack(self.device), setup.threads, &cpus)
            .map_err(|why| refuse("the MLC-LLM engine", why))?;
        let (conversation, threads) = loading.load(&config).map_err(|why| refuse(&self.folder, why))?;
        let chunk = asked.chunk.unwrap_or(self.chunk);
        let mut log = self.opened.clone();
        log.push(format!("mlc.json_ffi loaded with {config}"));
        Ok(Opened {
            options: ResolvedOptions {
                threads,
                flash_attention: None,
                n_ctx: asked.context,
                n_batch: chunk,
                n_ubatch: chunk,
                affinity: None,
                repack: None,
            },
            running: Running::Answers(Box::new(conversation)),
            buffers: BufferSizes { model: Some(self.facts.size), kv_cache: None, compute: None },
            devices: vec![self.device.name().to_owned()],
            log,
        })
    }
}

fn positive(value: i64) -> Option<u32> {
    u32::try_from(value).ok().filter(|value| *value > 0)
}
