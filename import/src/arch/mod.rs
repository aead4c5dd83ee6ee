//! From `config.json` to what the file says of the model: which architectures are
//! taken, and only in the variants that were compared with torch.

mod config;
mod gemma2;
mod llama;
mod mpt;
mod names;
mod phi3;
mod rope;

use serde_json::Value;
use slm_models::{PerLayer, Shape, ShapeDraft};

use crate::error::{Result, refuse, refused};
pub(crate) use config::Config;
pub(crate) use names::{Change, source_of};

/// A number or word of the architecture's metadata.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fact {
    F32(f32),
    Str(&'static str),
}

/// All that `config.json` decides.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Design {
    pub(crate) shape: Shape,
    /// Of the norms.
    pub(crate) epsilon: f32,
    /// Metadata beyond the sizes, by the key after the architecture's name.
    pub(crate) facts: Vec<(&'static str, Fact)>,
    /// What each rotary frequency is divided by (Llama 3).
    pub(crate) frequency_divisors: Option<Vec<f32>>,
    /// Biases on q, k, v and output, which the architecture has as an option.
    pub(crate) attention_bias: bool,
    /// What a user should know.
    pub(crate) notes: Vec<String>,
}

/// `model_type` of the configurations that are taken.
const SUPPORTED: &str = "mpt, llama, mistral, qwen2, qwen3, gemma2, phi3";

/// Reads a configuration. `has_head`: the checkpoint has an output matrix of its own.
pub(crate) fn design(json: &Value, has_head: bool) -> Result<Design> {
    let config = Config(json);
    if !json["quantization_config"].is_null() {
        return refuse("config.json: the checkpoint is quantized already; import the original one");
    }
    match config.text("model_type") {
        Some("mpt") => mpt::design(&config, has_head),
        Some(model_type @ ("llama" | "mistral" | "qwen2" | "qwen3")) => {
            llama::design(&config, model_type, has_head)
        }
        Some("gemma2") => gemma2::design(&config),
        Some("phi3") => phi3::design(&config, has_head),
        Some(other) => {
            refuse(format!("config.json: model_type {other:?} is not supported; supported: {SUPPORTED}"))
        }
        None => refuse(format!("config.json: model_type is missing; supported: {SUPPORTED}")),
    }
}

/// Whether the output matrix is the embedding; what the configuration says is held
/// against what the checkpoint has.
fn tied(config: &Config<'_>, has_head: bool) -> Result<bool> {
    match (config.flag("tie_word_embeddings")?, has_head) {
        (Some(false), false) => {
            refuse("config.json says tie_word_embeddings=false, but lm_head.weight is missing")
        }
        (Some(tied), _) => Ok(tied),
        (None, has_head) => Ok(!has_head),
    }
}

/// Checks the sizes.
fn shape(draft: ShapeDraft) -> Result<Shape> {
    draft.try_into().map_err(|error| refused(format!("config.json: {error}")))
}

/// The sizes that llama's relatives name alike.
fn common(config: &Config<'_>, arch: &str) -> Result<ShapeDraft> {
    let heads = config.need("num_attention_heads")?;
    let uniform = |value| Some(PerLayer::uniform(value));
    Ok(ShapeDraft {
        arch: arch.to_owned(),
        layers: Some(config.need("num_hidden_layers")?),
        d_model: Some(config.need("hidden_size")?),
        heads: uniform(heads),
        kv_heads: uniform(config.number("num_key_value_heads")?.unwrap_or(heads)),
        d_ff: uniform(config.need("intermediate_size")?),
        vocab: Some(config.need("vocab_size")?),
        context: Some(config.need("max_position_embeddings")?),
        ..ShapeDraft::default()
    })
}

/// Attention beyond a sliding window is not what llama.cpp computes for these
/// architectures; up to the window's length there is no difference.
fn limit_to_window(config: &Config<'_>, draft: &mut ShapeDraft, notes: &mut Vec<String>) -> Result<()> {
    let window = config.number("sliding_window")?;
    if let (Some(window), Some(context)) = (window, draft.context)
        && window < context
    {
        draft.context = Some(window);
        notes.push(format!("context limited to the sliding window: {window} of {context} tokens"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
