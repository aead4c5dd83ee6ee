//! What a configuration decides, and what its readers share.

use slm_models::{PerLayer, Shape, ShapeDraft};

use super::config::Config;
use crate::error::{Result, advise, refused};

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
    /// The context that `config.json` states, whatever the file's is limited to.
    pub(crate) trained_context: u32,
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

/// Whether the output matrix is the embedding; what the configuration says is held
/// against what the checkpoint has.
pub(super) fn tied(config: &Config<'_>, has_head: bool) -> Result<bool> {
    match (config.flag("tie_word_embeddings")?, has_head) {
        (Some(false), false) => advise(
            "config.json says tie_word_embeddings=false, but lm_head.weight is missing; download the checkpoint \
                 anew, or set it to true if the embedding is the output too",
        ),
        (Some(tied), _) => Ok(tied),
        (None, has_head) => Ok(!has_head),
    }
}

/// Checks the sizes.
pub(super) fn shape(draft: ShapeDraft) -> Result<Shape> {
    draft.try_into().map_err(|error| refused(format!("config.json: {error}")))
}

/// The sizes that llama's relatives name alike.
pub(super) fn common(config: &Config<'_>, arch: &str) -> Result<ShapeDraft> {
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
pub(super) fn limit_to_window(
    config: &Config<'_>,
    draft: &mut ShapeDraft,
    notes: &mut Vec<String>,
) -> Result<()> {
    let window = config.number("sliding_window")?;
    if let (Some(window), Some(context)) = (window, draft.context)
        && window < context
    {
        draft.context = Some(window);
        notes.push(format!("context limited to the sliding window: {window} of {context} tokens"));
    }
    Ok(())
}
