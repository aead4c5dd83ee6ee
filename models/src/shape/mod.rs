//! The shape of a model: what fixes its file size, memory and work per token.

mod draft;
mod text;
mod validate;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use draft::{PerLayer, ShapeDraft};

use crate::Arch;
use crate::arch::{Norm, Positions};

/// A shape that is not possible, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("model shape: {field}: {problem}")]
pub struct ShapeError {
    /// The key at fault, as in the text form (`d_model`, `heads`, …).
    pub field: String,
    /// What is wrong, and the remedy.
    pub problem: String,
}

impl ShapeError {
    fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

/// A validated model shape: every value of this type can be written as a model.
///
/// Made from a [`ShapeDraft`], from the text form
/// (`arch=mpt,layers=16,d_model=1024,heads=16`) or from the catalogue. Sizes are
/// bounded so that no count of elements or bytes can overflow a `u64`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "ShapeDraft", into = "ShapeDraft")]
pub struct Shape {
    arch: Arch,
    layers: u32,
    d_model: u32,
    heads: PerLayer,
    kv_heads: PerLayer,
    head_dim: u32,
    d_ff: PerLayer,
    vocab: u32,
    context: u32,
    tied: bool,
    bias: bool,
    rope_theta: u32,
    rotary_dims: u32,
    window: Option<u32>,
    embedding_width: u32,
}

impl Shape {
    /// Reads the text form, with or without a leading `shape:`. Keys that are left
    /// out get the architecture's defaults; `arch`, `layers` and `d_model` are needed.
    ///
    /// ```
    /// let shape = slm_models::Shape::parse_free("arch=mpt,layers=12,d_model=768")?;
    /// assert_eq!(shape.params(), 125_311_488);
    /// # Ok::<(), slm_models::ShapeError>(())
    /// ```
    pub fn parse_free(text: &str) -> Result<Self, ShapeError> {
        text::parse(text)?.try_into()
    }

    /// The architecture.
    pub fn arch(&self) -> Arch {
        self.arch
    }

    /// Transformer blocks.
    pub fn layers(&self) -> u32 {
        self.layers
    }

    /// Width of the residual stream.
    pub fn d_model(&self) -> u32 {
        self.d_model
    }

    /// Attention heads, per layer where they differ.
    pub fn heads(&self) -> &PerLayer {
        &self.heads
    }

    /// Key-value heads, per layer where they differ.
    pub fn kv_heads(&self) -> &PerLayer {
        &self.kv_heads
    }

    /// Width of one head.
    pub fn head_dim(&self) -> u32 {
        self.head_dim
    }

    /// Width of the feed-forward block, per layer where it differs.
    pub fn d_ff(&self) -> &PerLayer {
        &self.d_ff
    }

    /// Rows of the embedding matrix.
    pub fn vocab(&self) -> u32 {
        self.vocab
    }

    /// Longest context the model is made for, in tokens.
    pub fn context(&self) -> u32 {
        self.context
    }

    /// Whether the output matrix is the embedding matrix.
    pub fn tied(&self) -> bool {
        self.tied
    }

    /// Whether there are biases (on which layers, the architecture says).
    pub fn bias(&self) -> bool {
        self.bias
    }

    /// Base of the rotary frequencies (meaningless without rotation).
    pub fn rope_theta(&self) -> u32 {
        self.rope_theta
    }

    /// Rotated elements of each head (0 without rotation).
    pub fn rotary_dims(&self) -> u32 {
        self.rotary_dims
    }

    /// Tokens that the windowed layers attend to, for architectures with such layers.
    pub fn window(&self) -> Option<u32> {
        self.window
    }

    /// Width of the embedding matrix (`d_model` but for OPT-350M).
    pub fn embedding_width(&self) -> u32 {
        self.embedding_width
    }

    /// Why llama.cpp cannot load this architecture, if it cannot.
    pub fn unsupported(&self) -> Option<&'static str> {
        self.arch.unsupported()
    }

    /// Elements the KV cache holds for each token of context, over all layers
    /// (times two bytes for an f16 cache). Windowed layers may hold fewer.
    pub fn kv_elements_per_token(&self) -> u64 {
        (0..self.layers).map(|layer| 2 * u64::from(self.kv_width(layer))).sum()
    }

    /// Width of the queries of a layer.
    pub(crate) fn q_width(&self, layer: u32) -> u32 {
        self.heads.at(layer) * self.head_dim
    }

    /// Width of the keys (and of the values) of a layer.
    pub(crate) fn kv_width(&self, layer: u32) -> u32 {
        self.kv_heads.at(layer) * self.head_dim
    }

    /// Whether norms carry a bias.
    pub(crate) fn norm_bias(&self) -> bool {
        match self.arch.facts().norm {
            Norm::LayerBias => true,
            Norm::LayerBiasWithOthers => self.bias,
            Norm::Rms | Norm::LayerNoBias | Norm::LayerBare => false,
        }
    }

    /// Rows of the table of learned positions, if there is one.
    pub(crate) fn position_rows(&self) -> Option<u32> {
        match self.arch.facts().positions {
            Positions::Learned { extra } => Some(self.context + extra),
            Positions::Rope | Positions::Alibi => None,
        }
    }
}

impl fmt::Display for Shape {
    /// The canonical text form: every key the architecture has, in a fixed order.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(self, f)
    }
}

impl FromStr for Shape {
    type Err = ShapeError;

    fn from_str(text: &str) -> Result<Self, ShapeError> {
        Self::parse_free(text)
    }
}

#[cfg(test)]
mod tests;
