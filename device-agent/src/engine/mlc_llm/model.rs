//! A model's folder, before MLC-LLM's engine loads it.

use super::{
    request::{self, Configuration},
    session::LoadingEngine,
};
use crate::engine::{
    error::LoadError,
    model::{Decoding, Model, Opened, Setup, Vocabulary},
    tvm::{
        bridge::ffi,
        errors::load_error,
        metadata::{self, ChatConfig, Metadata, TensorCache},
        runtime::{self, dlpack},
    },
};
use slm_protocol::{
    BufferSizes, CompiledModel, ComputeDevice, EngineFacts, EngineKind, ModelFacts, ResolvedOptions,
};
use std::path::Path;

/// A model's folder and library, and an opened runtime.
pub(super) struct MlcLlm {
    folder: String,
    library: String,
    facts: ModelFacts,
    /// Tokens evaluated at once, by the folder.
    chunk: u32,
    device: ComputeDevice,
    /// Lines of evidence on what was opened.
    opened: Vec<String>,
}

/// The interface compiled in. The engine does not report its version.
pub(super) fn facts() -> EngineFacts {
    EngineFacts {
        engine: EngineKind::MlcLlm,
        version: format!("the user's library, through tvm-ffi {} (headers)", ffi::header_version()),
        build_flags: Vec::new(),
        cpu_features: Vec::new(),
    }
}

impl MlcLlm {
    /// Opens the runtime and reads what the folder says of the model.
    pub(super) fn load(folder: &Path, compiled: &CompiledModel) -> Result<Self, LoadError> {
        let opened = runtime::open(compiled, "the MLC-LLM runtime")?;
        let config: ChatConfig = metadata::read_json(&folder.join("mlc-chat-config.json"))?;
        let cache: TensorCache = metadata::read_json(&folder.join("tensor-cache.json"))?;
        let described = Metadata::of_folder(&config, cache);
        Ok(Self {
            folder: folder.to_str().ok_or_else(|| load_error(folder.display(), "not UTF-8"))?.to_owned(),
            library: compiled.library.clone(),
            facts: ModelFacts {
                architecture: described.model_type.clone(),
                description: format!("{} {}", described.model_type, described.quantization),
                n_params: described.parameters(),
                size: described.bytes(),
                decode_bytes: described.decode_bytes(),
                prefill_params: described.prefill_params(),
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
        let loading = LoadingEngine::open(dlpack(self.device), setup.threads, &runtime::cpus())
            .map_err(|why| load_error("the MLC-LLM engine", why))?;
        let (session, threads) = loading.load(&config).map_err(|why| load_error(&self.folder, why))?;
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
            decoding: Decoding::WholeReply(Box::new(session)),
            buffers: BufferSizes { model: Some(self.facts.size), kv_cache: None, compute: None },
            devices: vec![self.device.into_str().to_owned()],
            log,
        })
    }
}

fn positive(value: i64) -> Option<u32> {
    u32::try_from(value).ok().filter(|value| *value > 0)
}
