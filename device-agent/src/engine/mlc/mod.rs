//! Models that TVM compiled, by MLC-LLM's convention: a library with `embed`, `prefill`,
//! `decode`, `create_tir_paged_kv_cache` and `_metadata`, and its weights in a folder.
//! Here the token loop is the agent's own; MLC-LLM's own engine is in `llm`. Both are
//! opened at run time.

mod bridge;
mod llm;
mod metadata;
mod session;
#[cfg(test)]
mod tests;
mod tokens;

use super::{ChatTemplate, LoadError, Model, Opened, Running, Setup, Vocabulary};
use crate::{affinity, digest};
use bridge::ffi::{self, Runner};
use cxx::UniquePtr;
pub(crate) use llm::MlcLlm;
use metadata::{ChatConfig, Metadata};
use session::RelaxSession;
use slm_protocol::{
    BufferSizes, CompiledModel, EngineFacts, EngineKind, Failure, ModelFacts, ResolvedOptions, TvmDevice,
};
use std::{cell::RefCell, path::Path};
use tokens::Tokens;

/// Tokens in a page of the KV cache, as in MLC-LLM.
const PAGE: i64 = 16;

/// A compiled model with its weights.
pub(crate) struct Mlc {
    /// Borrowed by the one session that is open.
    runner: RefCell<UniquePtr<Runner>>,
    metadata: Metadata,
    facts: ModelFacts,
    tokens: Tokens,
    template: Option<(String, String, String)>,
    ends: Vec<i32>,
    device: TvmDevice,
    /// What was opened, for the record.
    opened: Vec<String>,
}

/// The interface compiled in; the runtime's own version is known when it is opened.
pub(crate) fn facts() -> [EngineFacts; 2] {
    let relax = EngineFacts {
        engine: EngineKind::TvmRelaxVm,
        version: format!("tvm-ffi {} (headers)", ffi::header_version()),
        build_flags: Vec::new(),
        cpu_features: Vec::new(),
    };
    [relax, llm::facts()]
}

impl Mlc {
    /// Opens the runtime and the library, and reads the weights of the folder.
    pub(crate) fn load(folder: &Path, compiled: &CompiledModel) -> Result<Self, LoadError> {
        let library = &compiled.library;
        let path =
            |path: &Path| path.to_str().map(str::to_owned).ok_or_else(|| refuse(path.display(), "not UTF-8"));
        let version = ffi::open_runtime(&compiled.runtime).map_err(|why| refuse("the TVM runtime", why))?;
        let hash = digest::file(Path::new(library)).map_err(|why| refuse(library, why))?;
        let mut runner =
            ffi::open_library(library, dlpack(compiled.device), 0).map_err(|why| refuse(library, why))?;
        let text = runner.metadata().map_err(|why| refuse(library, why))?;
        let metadata = Metadata::parse(&text).map_err(|why| refuse(library, why))?;
        let config: ChatConfig = metadata::read_json(&folder.join("mlc-chat-config.json"))?;
        let names: Vec<String> = metadata.params.iter().map(|param| param.name.clone()).collect();
        runner.pin_mut().load_weights(&path(folder)?, &names).map_err(|why| refuse(folder.display(), why))?;
        let vocabulary = vocabulary(&metadata, &config).map_err(|why| refuse(folder.display(), why))?;
        let tokens = Tokens::open(folder, vocabulary)?;
        let template = tokens::chat_template(folder);
        let facts = ModelFacts {
            architecture: metadata.model_type.clone(),
            description: format!("{} {}", metadata.model_type, metadata.quantization),
            n_params: metadata.parameters(),
            size: metadata.bytes(),
            decode_bytes: metadata.decode_bytes(),
            n_vocab: vocabulary,
            n_ctx_train: u32::try_from(metadata.context_window_size).unwrap_or(u32::MAX),
            chat_template_sha256: template.as_ref().map(|template| digest::text(&template.source)),
        };
        let opened = vec![
            format!("tvm-ffi {version} (runtime), built with the headers of {}", ffi::header_version()),
            format!("library {library}, sha256 {hash}"),
            format!("device {}", compiled.device.name()),
            tokens.describe().to_owned(),
        ];
        Ok(Self {
            runner: RefCell::new(runner),
            facts,
            tokens,
            template: template.map(|template| (template.source, template.bos_token, template.eos_token)),
            ends: config.eos_token_id.map(|ids| ids.as_slice().to_vec()).unwrap_or_default(),
            device: compiled.device,
            opened,
            metadata,
        })
    }

    /// Makes the one context that can be open.
    fn session(&self, setup: &Setup) -> Result<RelaxSession<'_>, LoadError> {
        let mut runner = self
            .runner
            .try_borrow_mut()
            .map_err(|_| refuse("the model", "it has an open context already"))?;
        let cache = |why| refuse("the KV cache", why);
        let (context, chunk) = (self.context(setup), self.chunk(setup));
        runner.pin_mut().open(i64::from(context), i64::from(chunk), PAGE).map_err(cache)?;
        set_threads(&runner, setup.threads).map_err(|why| refuse("TVM's threads", why))?;
        Ok(RelaxSession::new(runner, chunk as usize, context as usize, self.facts.n_vocab))
    }

    /// Tokens evaluated at once.
    fn chunk(&self, setup: &Setup) -> u32 {
        let stated = u32::try_from(self.metadata.prefill_chunk_size).unwrap_or(u32::MAX);
        setup.n_ubatch.unwrap_or(stated).clamp(1, stated)
    }

    /// What is asked for, within what the library was made for.
    fn context(&self, setup: &Setup) -> u32 {
        setup.n_ctx.min(self.facts.n_ctx_train)
    }
}

impl Model for Mlc {
    fn facts(&self) -> &ModelFacts {
        &self.facts
    }

    fn vocabulary(&self) -> Option<&dyn Vocabulary> {
        Some(self)
    }

    fn open(&self, setup: &Setup) -> Result<Opened<'_>, LoadError> {
        let session = self.session(setup)?;
        let threads = session.threads().map_err(|why| refuse("TVM's threads", why))?;
        Ok(Opened {
            running: Running::Steps(Box::new(session)),
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
            devices: vec![self.device.name().to_owned()],
            log: self.opened.clone(),
        })
    }
}

impl Vocabulary for Mlc {
    fn tokenize(&self, text: &str, add_special: bool, parse_special: bool) -> Vec<i32> {
        self.tokens.encode(text, add_special, parse_special)
    }

    fn detokenize(&self, tokens: &[i32]) -> String {
        self.tokens.decode(tokens)
    }

    fn chat_template(&self) -> Option<ChatTemplate> {
        let (source, bos_token, eos_token) = self.template.clone()?;
        Some(ChatTemplate { source, bos_token, eos_token })
    }

    fn is_end(&self, token: i32) -> bool {
        self.ends.contains(&token)
    }
}

/// Threads on all CPUs that the process may use.
fn set_threads(runner: &Runner, threads: u32) -> Result<(), cxx::Exception> {
    let cpus: Vec<u32> = affinity::allowed().iter().flat_map(|cpus| cpus.iter().map(u32::from)).collect();
    runner.set_threads(i32::try_from(threads).unwrap_or(i32::MAX), &cpus)
}

/// Ids from there on must never reach the library, which checks none.
fn vocabulary(metadata: &Metadata, config: &ChatConfig) -> Result<u32, String> {
    let rows = metadata.vocabulary().and_then(|rows| u32::try_from(rows).ok()).unwrap_or(u32::MAX);
    match config.vocab_size.min(rows) {
        0 => Err("mlc-chat-config.json states no vocab_size".to_owned()),
        size => Ok(size),
    }
}

/// DLPack's number of a kind of device.
fn dlpack(device: TvmDevice) -> i32 {
    match device {
        TvmDevice::Cpu => 1,
        TvmDevice::Opencl => 4,
        TvmDevice::Vulkan => 7,
    }
}

/// One line: where, and why.
fn refuse(place: impl std::fmt::Display, why: impl std::fmt::Display) -> LoadError {
    let why = one_line(&why.to_string());
    let failure = if session::is_out_of_memory(&why) { Failure::OutOfMemory } else { Failure::LoadFailed };
    LoadError { failure, message: format!("{place}: {why}") }
}

fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("; ")
}
