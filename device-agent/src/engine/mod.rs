//! What an engine must offer to be measured. Steps where it can be driven by them: the
//! clock is read between them, by one loop for all such engines. Whole answers where
//! the engine has a loop of its own.
//!
//! A [`Model`] is loaded first; its tokenizer prepares the prompts, and these say
//! how large a context must be. Then it is opened, and is [`Running`].

mod answer;
mod llama;
#[cfg(feature = "mlc")]
mod mlc;
mod null;
mod sample;

use crate::args::QuantizeArgs;
#[cfg(feature = "mlc")]
pub(crate) use answer::AnswerEnd;
pub(crate) use answer::{Answer, Answerer, Question, Running};
use slm_protocol::{
    BufferSizes, EngineFacts, EngineKind, Failure, FlashAttention, Job, LoadMode, ModelFacts, ModelFile,
    QuantizeEvent, ResolvedOptions,
};
use std::{path::Path, time::Instant};
use thiserror::Error;

/// A loaded model, before a context exists.
pub(crate) trait Model {
    /// What was loaded, by the engine's own report.
    fn facts(&self) -> &ModelFacts;

    /// Its texts and tokens; `None` where the engine takes text and gives text.
    fn vocabulary(&self) -> Option<&dyn Vocabulary>;

    /// Makes a context and what belongs to it.
    fn open(&self, setup: &Setup) -> Result<Opened<'_>, LoadError>;
}

/// Texts and tokens of a model.
pub(crate) trait Vocabulary {
    /// Token ids of a text. `add_special`: with the begin and end tokens that the
    /// model wants. `parse_special`: special tokens written in the text count.
    fn tokenize(&self, text: &str, add_special: bool, parse_special: bool) -> Vec<i32>;

    /// The text of tokens, invalid UTF-8 replaced.
    fn detokenize(&self, tokens: &[i32]) -> String;

    /// The model's own chat template, if it has one.
    fn chat_template(&self) -> Option<ChatTemplate>;

    /// Whether a token ends an output.
    fn is_end(&self, token: i32) -> bool;
}

/// A context: runs one sequence, step by step.
pub(crate) trait Session {
    /// Computes with so many threads from now on.
    fn set_threads(&mut self, threads: u32) -> Result<(), StepError>;

    /// Forgets everything evaluated.
    fn reset(&mut self);

    /// From when on a step is aborted; `None`: never.
    fn set_deadline(&mut self, deadline: Option<Instant>);

    /// Evaluates a whole prompt, in one call of the engine if it fits into a batch.
    fn prefill(&mut self, tokens: &[i32]) -> Result<(), StepError>;

    /// The likeliest next token after the last step.
    fn sample(&mut self) -> Result<Sampled, StepError>;

    /// Evaluates one token at the next position.
    fn decode(&mut self, token: i32) -> Result<(), StepError>;

    /// Prompt tokens that the engine says it evaluated since the last reset.
    fn evaluated(&self) -> Option<u32>;
}

/// A chat template and the tokens that it may name.
pub(crate) struct ChatTemplate {
    pub(crate) source: String,
    pub(crate) bos_token: String,
    pub(crate) eos_token: String,
}

/// How a context is set up; everything is decided by then.
pub(crate) struct Setup {
    pub(crate) threads: u32,
    pub(crate) flash_attention: FlashAttention,
    pub(crate) n_ctx: u32,
    pub(crate) n_ubatch: Option<u32>,
}

/// A context and what the engine reports of it.
pub(crate) struct Opened<'model> {
    pub(crate) running: Running<'model>,
    pub(crate) options: ResolvedOptions,
    pub(crate) buffers: BufferSizes,
    pub(crate) devices: Vec<String>,
    pub(crate) log: Vec<String>,
}

/// A sampled token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sampled {
    pub(crate) token: i32,
    /// Whether every logit of the row was finite.
    pub(crate) finite: bool,
}

/// Why a model or a context cannot be used.
#[derive(Debug, Error)]
#[error("{message}")]
pub(crate) struct LoadError {
    pub(crate) failure: Failure,
    pub(crate) message: String,
}

/// Why a step did not end well.
#[derive(Debug, Error)]
pub(crate) enum StepError {
    /// The deadline passed, or the process was interrupted.
    #[error("aborted")]
    Aborted,
    /// Memory ran out.
    #[error("out of memory: {0}")]
    OutOfMemory(String),
    /// The engine cannot do this.
    #[error("{0}")]
    Unsupported(String),
    /// The engine ended by a fault of its own.
    #[error("{0}")]
    #[cfg_attr(not(feature = "mlc"), expect(dead_code, reason = "others end the process"))]
    Broken(String),
}

/// What an engine with a token loop of its own cannot do.
pub(crate) const NO_STEPS: &str = "this engine gives no single tokens";

/// The engines inside this binary.
pub(crate) fn available() -> Vec<EngineFacts> {
    #[cfg(feature = "mlc")]
    return [vec![llama::facts(), null::facts()], mlc::facts().to_vec()].concat();
    #[cfg(not(feature = "mlc"))]
    vec![llama::facts(), null::facts()]
}

/// The engine that quantizes, and its version.
pub(crate) fn quantizer() -> String {
    llama::facts().version
}

/// Quantizes a file whose header was checked.
pub(crate) fn quantize(
    order: &QuantizeArgs,
    emit: &mut (dyn FnMut(QuantizeEvent) + Send),
) -> Result<(), LoadError> {
    llama::quantize(order, emit)
}

/// Loads the model of a job.
pub(crate) fn load_for(job: &Job) -> Result<Box<dyn Model>, LoadError> {
    match job.engine {
        kind @ (EngineKind::TvmRelaxVm | EngineKind::MlcLlm) => load_compiled(kind, &job.model),
        kind => load(kind, Path::new(&job.model.path), job.options.load, job.options.repack),
    }
}

/// Loads a model's file into an engine. `repack`: lay weights out anew, where the engine can.
pub(crate) fn load(
    kind: EngineKind,
    path: &Path,
    mode: LoadMode,
    repack: bool,
) -> Result<Box<dyn Model>, LoadError> {
    Ok(match kind {
        EngineKind::Llama => Box::new(llama::Llama::load(path, mode, repack)?),
        EngineKind::Null => Box::new(null::Null::load()),
        EngineKind::TvmRelaxVm | EngineKind::MlcLlm => {
            return Err(unsupported("a compiled model has no file of its own"));
        }
    })
}

#[cfg(feature = "mlc")]
fn load_compiled(kind: EngineKind, model: &ModelFile) -> Result<Box<dyn Model>, LoadError> {
    let compiled =
        model.compiled.as_deref().ok_or_else(|| unsupported("the job names no library and no runtime"))?;
    let folder = Path::new(&model.path);
    Ok(match kind {
        EngineKind::MlcLlm => Box::new(mlc::MlcLlm::load(folder, compiled)?),
        _ => Box::new(mlc::Mlc::load(folder, compiled)?),
    })
}

#[cfg(not(feature = "mlc"))]
fn load_compiled(kind: EngineKind, _: &ModelFile) -> Result<Box<dyn Model>, LoadError> {
    let name = kind.name();
    Err(unsupported(&format!("this agent has no {name} engine: it was built without the feature mlc")))
}

fn unsupported(message: &str) -> LoadError {
    LoadError { failure: Failure::Unsupported, message: message.to_owned() }
}
