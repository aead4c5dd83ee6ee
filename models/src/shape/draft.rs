//! A shape before it is checked: what a user, a file or a table row says.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Arch;

/// A size that is one number for all layers, or one number per layer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Wire", into = "Wire")]
pub struct PerLayer(Vec<u32>);

/// As JSON: a number or a list.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Wire {
    Uniform(u32),
    Listed(Vec<u32>),
}

impl From<Wire> for PerLayer {
    fn from(wire: Wire) -> Self {
        match wire {
            Wire::Uniform(value) => Self::uniform(value),
            Wire::Listed(values) => Self::listed(values),
        }
    }
}

impl From<PerLayer> for Wire {
    fn from(sizes: PerLayer) -> Self {
        match sizes.0.as_slice() {
            [value] => Self::Uniform(*value),
            _ => Self::Listed(sizes.0),
        }
    }
}

impl PerLayer {
    /// The same for every layer.
    pub fn uniform(value: u32) -> Self {
        Self(vec![value])
    }

    /// One value per layer; a list of equal values is the uniform size.
    pub fn listed(mut values: Vec<u32>) -> Self {
        if values.windows(2).all(|pair| pair[0] == pair[1]) {
            values.truncate(1);
        }
        Self(values)
    }

    /// The value if all layers share it.
    pub fn as_uniform(&self) -> Option<u32> {
        match self.0.as_slice() {
            [value] => Some(*value),
            _ => None,
        }
    }

    /// The value of a layer. Layers beyond a list's end have its last value.
    pub fn at(&self, layer: u32) -> u32 {
        let last = self.0.last().copied().unwrap_or(0);
        if self.0.len() == 1 {
            return last;
        }
        usize::try_from(layer).ok().and_then(|index| self.0.get(index)).copied().unwrap_or(last)
    }

    /// The values as given: one, or one per layer.
    pub fn values(&self) -> &[u32] {
        &self.0
    }

    /// The largest value.
    pub fn max(&self) -> u32 {
        self.0.iter().copied().max().unwrap_or(0)
    }
}

impl fmt::Display for PerLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, value) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("|")?;
            }
            write!(f, "{value}")?;
        }
        Ok(())
    }
}

/// A shape as given, unchecked; what is `None` gets the architecture's default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShapeDraft {
    /// Architecture name (`mpt`, `llama`, …); needed.
    pub arch: String,
    /// Transformer blocks; needed.
    pub layers: Option<u32>,
    /// Width of the residual stream; needed.
    pub d_model: Option<u32>,
    /// Attention heads.
    pub heads: Option<PerLayer>,
    /// Key-value heads.
    pub kv_heads: Option<PerLayer>,
    /// Width of one head.
    pub head_dim: Option<u32>,
    /// Width of the feed-forward block.
    pub d_ff: Option<PerLayer>,
    /// Rows of the embedding matrix.
    pub vocab: Option<u32>,
    /// Longest context, in tokens.
    pub context: Option<u32>,
    /// Output matrix is the embedding matrix.
    pub tied: Option<bool>,
    /// Linear layers have biases.
    pub bias: Option<bool>,
    /// Base of the rotary frequencies.
    pub rope_theta: Option<u32>,
    /// Rotated elements of each head.
    pub rotary_dims: Option<u32>,
    /// Sliding window, in tokens.
    pub window: Option<u32>,
    /// Width of the embedding matrix.
    pub embedding_width: Option<u32>,
}

impl ShapeDraft {
    /// A draft with nothing but its architecture.
    pub fn new(arch: Arch) -> Self {
        Self { arch: arch.name().to_owned(), ..Self::default() }
    }
}
