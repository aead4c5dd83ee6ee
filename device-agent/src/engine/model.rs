//! A loaded model and an opened context: what every engine offers.
//!
//! A [`Model`] is loaded first. Its tokenizer prepares the prompts, which determine the
//! length of the context. Then the model is opened with a [`Setup`].

use super::{error::LoadError, generator::Generator, session::Session};
use slm_protocol::{BufferSizes, FlashAttention, ModelFacts, ResolvedOptions};

/// A loaded model, before a context exists.
pub(crate) trait Model {
    /// What was loaded, by the engine's own report.
    fn facts(&self) -> &ModelFacts;

    /// Its tokenizer; `None` where the engine takes text and returns text.
    fn vocabulary(&self) -> Option<&dyn Vocabulary>;

    /// Makes a context.
    fn open(&self, setup: &Setup) -> Result<Opened<'_>, LoadError>;
}

/// The tokenizer of a model.
pub(crate) trait Vocabulary {
    /// Token ids of a text. `add_special`: with the begin and end tokens that the
    /// model wants. `parse_special`: special tokens written in the text count.
    fn tokenize(&self, text: &str, add_special: bool, parse_special: bool) -> Vec<i32>;

    /// The text of tokens, invalid UTF-8 replaced.
    fn detokenize(&self, tokens: &[i32]) -> String;

    /// The model's own chat template, if it has one.
    fn chat_template(&self) -> Option<ChatTemplate>;

    /// A chat template of the user's, with the model's special tokens.
    fn with_tokens(&self, source: String) -> ChatTemplate {
        ChatTemplate { source, ..self.chat_template().unwrap_or_default() }
    }

    /// Whether a token ends an output.
    fn is_end(&self, token: i32) -> bool;

    /// The token that every text of the model begins with, where it wants one.
    fn begin(&self) -> Option<i32> {
        self.tokenize("", true, false).first().copied()
    }

    /// The text of one token, invalid UTF-8 replaced.
    fn piece(&self, token: i32) -> String {
        self.detokenize(&[token])
    }

    /// Whether a token is none of a text: it begins, ends or marks something.
    fn is_special(&self, token: i32) -> bool {
        self.is_end(token) || self.begin() == Some(token)
    }
}

/// A chat template and the special tokens that it may use; empty where the model has none.
#[derive(Clone, Default)]
pub(crate) struct ChatTemplate {
    pub(crate) source: String,
    pub(crate) bos_token: String,
    pub(crate) eos_token: String,
    /// Others, each with the name that templates know it by.
    pub(crate) others: Vec<(String, String)>,
}

/// How a context is set up. Nothing is left open.
pub(crate) struct Setup {
    pub(crate) threads: u32,
    pub(crate) flash_attention: FlashAttention,
    pub(crate) n_ctx: u32,
    pub(crate) n_ubatch: Option<u32>,
}

/// A context and what the engine reports of it.
pub(crate) struct Opened<'model> {
    pub(crate) decoding: Decoding<'model>,
    pub(crate) options: ResolvedOptions,
    pub(crate) buffers: BufferSizes,
    pub(crate) devices: Vec<String>,
    pub(crate) log: Vec<String>,
}

/// An open context, by the way in which its engine decodes.
pub(crate) enum Decoding<'model> {
    /// One token at a time. Its model has a [`Vocabulary`].
    Stepwise(Box<dyn Session + 'model>),
    /// A whole reply at a time, in a token loop of the engine's own.
    #[cfg_attr(not(feature = "mlc"), expect(dead_code, reason = "only MLC-LLM decodes so"))]
    WholeReply(Box<dyn Generator + 'model>),
}

impl Decoding<'_> {
    /// Why an engine that decodes whole replies cannot be driven by tokens.
    pub(crate) const NO_TOKENS: &'static str = "this engine does not return single tokens";
}
