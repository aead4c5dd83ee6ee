//! A compiled model in TVM's Relax VM, and its tokenizer.

use super::{
    bridge::ffi::{self, Runner},
    errors::load_error,
    metadata::{self, ChatConfig, Metadata},
    runtime::{self, dlpack, set_threads},
    session::RelaxSession,
    tokens::{self, Tokens},
};
use crate::engine::{
    error::LoadError,
    model::{ChatTemplate, Decoding, Model, Opened, Setup, Vocabulary},
};
use cxx::UniquePtr;
use slm_models::digest::sha256_hex;
use slm_protocol::{
    BufferSizes, CompiledModel, ComputeDevice, EngineFacts, EngineKind, ModelFacts, ResolvedOptions,
};
use std::{cell::RefCell, path::Path};

/// Tokens in a page of the KV cache, as in MLC-LLM.
const PAGE: i64 = 16;

/// A compiled model with its weights.
pub(super) struct TvmModel {
    /// Borrowed by the one session that is open.
    runner: RefCell<UniquePtr<Runner>>,
    metadata: Metadata,
    facts: ModelFacts,
    tokens: Tokens,
    template: Option<ChatTemplate>,
    ends: Vec<i32>,
    device: ComputeDevice,
    /// Lines of evidence on what was opened.
    opened: Vec<String>,
}

/// The interface compiled in. The runtime's own version is known when it is opened.
pub(super) fn facts() -> EngineFacts {
    EngineFacts {
        engine: EngineKind::TvmRelaxVm,
        version: format!("tvm-ffi {} (headers)", ffi::header_version()),
        build_flags: Vec::new(),
        cpu_features: Vec::new(),
    }
}

impl TvmModel {
    /// Opens the runtime and the library, and reads the weights of the folder.
    pub(super) fn load(folder: &Path, compiled: &CompiledModel) -> Result<Self, LoadError> {
        let library = &compiled.library;
        let path = |path: &Path| {
            path.to_str().map(str::to_owned).ok_or_else(|| load_error(path.display(), "not UTF-8"))
        };
        let mut opened = runtime::open(compiled, "the TVM runtime")?;
        let mut runner =
            ffi::open_library(library, dlpack(compiled.device), 0).map_err(|why| load_error(library, why))?;
        let text = runner.metadata().map_err(|why| load_error(library, why))?;
        let metadata = Metadata::parse(&text).map_err(|why| load_error(library, why))?;
        let config: ChatConfig = metadata::read_json(&folder.join("mlc-chat-config.json"))?;
        let names: Vec<String> = metadata.params.iter().map(|param| param.name.clone()).collect();
        runner
            .pin_mut()
            .load_weights(&path(folder)?, &names)
            .map_err(|why| load_error(folder.display(), why))?;
        let vocabulary = vocabulary(&metadata, &config).map_err(|why| load_error(folder.display(), why))?;
        let tokens = Tokens::open(folder, vocabulary)?;
        let template = tokens::chat_template(folder);
        let facts = ModelFacts {
            architecture: metadata.model_type.clone(),
            description: format!("{} {}", metadata.model_type, metadata.quantization),
            n_params: metadata.parameters(),
            size: metadata.bytes(),
            decode_bytes: metadata.decode_bytes(),
            prefill_params: metadata.prefill_params(),
            n_vocab: vocabulary,
            n_ctx_train: u32::try_from(metadata.context_window_size).unwrap_or(u32::MAX),
            chat_template_sha256: template.as_ref().map(|template| sha256_hex(&template.source)),
        };
        opened.push(tokens.describe().to_owned());
        Ok(Self {
            runner: RefCell::new(runner),
            facts,
            tokens,
            template,
            ends: config.eos_token_id.map(|ids| ids.as_slice().to_vec()).unwrap_or_default(),
            device: compiled.device,
            opened,
            metadata,
        })
    }

    /// Makes the one context that can be open.
    pub(super) fn session(&self, setup: &Setup) -> Result<RelaxSession<'_>, LoadError> {
        let mut runner = self
            .runner
            .try_borrow_mut()
            .map_err(|_| load_error("the model", "it has an open context already"))?;
        let cache = |why| load_error("the KV cache", why);
        let (context, chunk) = (self.context(setup), self.chunk(setup));
        runner.pin_mut().open(i64::from(context), i64::from(chunk), PAGE).map_err(cache)?;
        set_threads(&runner, setup.threads).map_err(|why| load_error("TVM's threads", why))?;
        Ok(RelaxSession::new(runner, chunk as usize, context as usize, self.facts.n_vocab))
    }

    /// Tokens evaluated at once.
    fn chunk(&self, setup: &Setup) -> u32 {
        let stated = u32::try_from(self.metadata.prefill_chunk_size).unwrap_or(u32::MAX);
        setup.n_ubatch.unwrap_or(stated).clamp(1, stated)
    }

    /// Context length: the one asked for, within what the library was compiled for.
    fn context(&self, setup: &Setup) -> u32 {
        setup.n_ctx.min(self.facts.n_ctx_train)
    }
}

impl Model for TvmModel {
    fn facts(&self) -> &ModelFacts {
        &self.facts
    }

    fn vocabulary(&self) -> Option<&dyn Vocabulary> {
        Some(self)
    }

    fn open(&self, setup: &Setup) -> Result<Opened<'_>, LoadError> {
        let session = self.session(setup)?;
        let threads = session.threads().map_err(|why| load_error("TVM's threads", why))?;
        Ok(Opened {
            decoding: Decoding::Stepwise(Box::new(session)),
            options: ResolvedOptions {
                threads,
                flash_attention: None,
                n_ctx: self.context(setup),
                n_batch: self.chunk(setup),
                n_ubatch: self.chunk(setup),
                affinity: None,
                repack: None,
            },
            buffers: BufferSizes { model: Some(self.facts.size), kv_cache: None, compute: None },
            devices: vec![self.device.into_str().to_owned()],
            log: self.opened.clone(),
        })
    }
}

impl Vocabulary for TvmModel {
    fn tokenize(&self, text: &str, add_special: bool, parse_special: bool) -> Vec<i32> {
        self.tokens.encode(text, add_special, parse_special)
    }

    fn detokenize(&self, tokens: &[i32]) -> String {
        self.tokens.decode(tokens)
    }

    fn chat_template(&self) -> Option<ChatTemplate> {
        self.template.clone()
    }

    fn is_end(&self, token: i32) -> bool {
        self.ends.contains(&token)
    }
}

/// Size of the vocabulary. Larger ids must never reach the library, which does not check
/// them.
fn vocabulary(metadata: &Metadata, config: &ChatConfig) -> Result<u32, String> {
    let rows = metadata.vocabulary().and_then(|rows| u32::try_from(rows).ok()).unwrap_or(u32::MAX);
    match config.vocab_size.min(rows) {
        0 => Err("mlc-chat-config.json states no vocab_size".to_owned()),
        size => Ok(size),
    }
}
