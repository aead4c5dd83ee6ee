//! A model loaded by llama.cpp, and its tokenizer.

use super::{context::Context, library, log, report, text::TextRules};
use crate::engine::{
    error::LoadError,
    model::{ChatTemplate, Decoding, Model, Opened, Setup, Vocabulary},
};
use llama_cpp_2::{
    llama_backend::LlamaBackend, model::LlamaModel, token::LlamaToken, token_type::LlamaTokenAttr,
    vocab::VocabType,
};
use slm_models::{ModelKind, digest::sha256_hex};
use slm_protocol::{EngineFacts, EngineKind, LoadMode, ModelFacts, ResolvedOptions};
use std::path::Path;

/// A model in llama.cpp. The model is dropped before the backend.
pub(super) struct Llama {
    model: LlamaModel,
    _backend: LlamaBackend,
    facts: ModelFacts,
    /// What is done to texts first.
    rules: TextRules,
}

/// Version, build flags and CPU features of the engine compiled in.
pub(super) fn facts() -> EngineFacts {
    log::install();
    EngineFacts {
        engine: EngineKind::Llama,
        version: format!("llama-cpp-sys-2 {}, {}", env!("SLM_AGENT_BINDING"), library::ggml_version()),
        build_flags: env!("SLM_AGENT_BUILD_FLAGS").split('\u{1f}').map(str::to_owned).collect(),
        cpu_features: report::cpu_features(&library::system_info()),
    }
}

impl Llama {
    /// Loads a file, after checking that it is what it says: the engine trusts it,
    /// and ends the process on some damaged ones.
    pub(super) fn load(path: &Path, mode: LoadMode, repack: bool) -> Result<Self, LoadError> {
        log::install();
        let header = slm_models::read_header(path)
            .map_err(|error| LoadError::failed(format!("{error}; {}", error.remedy())))?;
        if let Some((what, remedy)) = ModelKind::of(&header).refusal() {
            let message = format!("{} {what}; {remedy}", path.display());
            return Err(LoadError::unsupported(message));
        }
        // The engine finds the other parts of a split model by the name of the first.
        let path = header.parts.first().map_or(path, |part| &part.path);
        // The binding ends the process on more.
        let context = header.shape_facts().context.unwrap_or(0);
        if i32::try_from(context).is_err() {
            return Err(LoadError::failed(format!(
                "{}: states a context of {context} tokens",
                path.display()
            )));
        }
        let backend = LlamaBackend::init().map_err(|error| LoadError::failed(error.to_string()))?;
        log::clear();
        let model = library::load(&backend, path, mode, repack).ok_or_else(|| {
            report::engine_failure(&format!("{}: the engine gave no reason", path.display()))
        })?;
        if model.vocab().vocab_type() == VocabType::NONE || model.n_vocab() < 1 {
            return Err(LoadError::failed(format!("{}: the file holds no tokenizer", path.display())));
        }
        let facts = ModelFacts {
            architecture: model.meta_val_str("general.architecture").unwrap_or_default(),
            description: library::description(&model),
            n_params: model.n_params(),
            size: model.size(),
            decode_bytes: Some(header.decode_bytes()),
            prefill_params: header.prefill_params(),
            n_vocab: u32::try_from(model.n_vocab()).unwrap_or(0),
            n_ctx_train: model.n_ctx_train(),
            chat_template_sha256: None,
        };
        let rules = TextRules::of(&model)
            .map_err(|problem| LoadError::failed(format!("{}: {problem}", path.display())))?;
        let mut loaded = Self { model, _backend: backend, facts, rules };
        loaded.facts.chat_template_sha256 =
            loaded.chat_template().map(|template| sha256_hex(template.source));
        Ok(loaded)
    }

    /// The text of a special token, empty if the model has none.
    fn special(&self, token: LlamaToken) -> String {
        if token.0 < 0 {
            return String::new();
        }
        self.model.vocab().text(token).map_or_else(String::new, |text| text.to_string_lossy().into_owned())
    }
}

impl Model for Llama {
    fn facts(&self) -> &ModelFacts {
        &self.facts
    }

    fn vocabulary(&self) -> Option<&dyn Vocabulary> {
        Some(self)
    }

    fn open(&self, setup: &Setup) -> Result<Opened<'_>, LoadError> {
        let context = Context::new(&self.model, setup)
            .ok_or_else(|| report::engine_failure("the engine made no context and gave no reason"))?;
        let lines = log::lines();
        Ok(Opened {
            options: ResolvedOptions {
                threads: context.n_threads(),
                flash_attention: report::flash_attention(&lines),
                n_ctx: context.n_ctx(),
                n_batch: context.n_batch(),
                n_ubatch: context.n_ubatch(),
                affinity: None,
                repack: report::repacked(&lines),
            },
            decoding: Decoding::Stepwise(Box::new(context)),
            buffers: report::buffer_sizes(&lines),
            devices: report::devices(&lines),
            log: report::evidence(&lines),
        })
    }
}

impl Vocabulary for Llama {
    fn tokenize(&self, text: &str, add_special: bool, parse_special: bool) -> Vec<i32> {
        let text = self.rules.apply(text, parse_special);
        let tokens = self.model.vocab().tokenize(text.as_bytes(), add_special, parse_special);
        tokens.into_iter().map(|token| token.0).collect()
    }

    fn detokenize(&self, tokens: &[i32]) -> String {
        let tokens: Vec<LlamaToken> = tokens.iter().map(|token| LlamaToken(*token)).collect();
        String::from_utf8_lossy(&self.model.vocab().detokenize(&tokens, false, true)).into_owned()
    }

    fn chat_template(&self) -> Option<ChatTemplate> {
        let source = self.model.chat_template(None).ok()?;
        Some(self.with_tokens(source.as_c_str().to_string_lossy().into_owned()))
    }

    fn with_tokens(&self, source: String) -> ChatTemplate {
        let vocab = self.model.vocab();
        let unknown = self.model.meta_val_str("tokenizer.ggml.unknown_token_id").ok();
        let unknown = unknown.and_then(|id| id.parse().ok()).map(LlamaToken);
        let others = [("pad_token", Some(vocab.pad())), ("unk_token", unknown)];
        let named = |(name, token): (&str, Option<LlamaToken>)| Some((name.to_owned(), self.special(token?)));
        ChatTemplate {
            source,
            bos_token: self.special(vocab.bos()),
            eos_token: self.special(vocab.eos()),
            others: others.into_iter().filter_map(named).collect(),
        }
    }

    fn begin(&self) -> Option<i32> {
        let vocab = self.model.vocab();
        (vocab.should_add_bos() && vocab.bos().0 >= 0).then(|| vocab.bos().0)
    }

    fn piece(&self, token: i32) -> String {
        let piece = self.model.vocab().token_to_piece(LlamaToken(token), true, None);
        String::from_utf8_lossy(&piece).into_owned()
    }

    fn is_special(&self, token: i32) -> bool {
        let attributes = self.model.vocab().attr(LlamaToken(token));
        attributes.intersects(LlamaTokenAttr::Control | LlamaTokenAttr::Unknown) || self.is_end(token)
    }

    fn is_end(&self, token: i32) -> bool {
        self.model.vocab().is_eog(LlamaToken(token))
    }
}
