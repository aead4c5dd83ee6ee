//! What a file is to become.

use slm_models::{QuantType, TensorType};

/// What a file is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Recipe {
    /// The quantization.
    pub quant: QuantType,
    /// Type of the embeddings; `None`: the engine decides, which for a model whose output
    /// is its embedding means 6 or 8 bits.
    pub embd: Option<TensorType>,
    /// Type of the output matrix of models that have one of their own; `None`: likewise.
    pub head: Option<TensorType>,
}
