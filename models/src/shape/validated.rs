//! A validated shape.

use serde::{Deserialize, Serialize};

use super::draft::{PerLayer, ShapeDraft};
use crate::Arch;
use crate::arch::{Norm, Positions};

/// A validated model shape: every value of this type can be written as a model.
///
/// Made from a [`ShapeDraft`], from the text form
/// (`arch=mpt,layers=16,d_model=1024,heads=16`) or from the catalogue. Sizes are
/// bounded so that no count of elements or bytes can overflow a `u64`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "ShapeDraft", into = "ShapeDraft")]
pub struct Shape {
    pub(super) arch: Arch,
    pub(super) layers: u32,
    pub(super) d_model: u32,
    pub(super) heads: PerLayer,
    pub(super) kv_heads: PerLayer,
    pub(super) head_dim: u32,
    pub(super) d_ff: PerLayer,
    pub(super) vocab: u32,
    pub(super) context: u32,
    pub(super) tied: bool,
    pub(super) bias: bool,
    pub(super) rope_theta: u32,
    pub(super) rotary_dims: u32,
    pub(super) window: Option<u32>,
    pub(super) embedding_width: u32,
}

impl Shape {
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
