//! A shape as a draft, which is what is written.

use super::{draft::ShapeDraft, validated::Shape};

impl From<Shape> for ShapeDraft {
    /// Everything the shape says; what its architecture does not have is left out.
    fn from(shape: Shape) -> Self {
        let rotates = shape.rotary_dims > 0;
        Self {
            arch: shape.arch.name().to_owned(),
            layers: Some(shape.layers),
            d_model: Some(shape.d_model),
            heads: Some(shape.heads),
            kv_heads: Some(shape.kv_heads),
            head_dim: Some(shape.head_dim),
            d_ff: Some(shape.d_ff),
            vocab: Some(shape.vocab),
            context: Some(shape.context),
            tied: Some(shape.tied),
            bias: Some(shape.bias),
            rope_theta: rotates.then_some(shape.rope_theta),
            rotary_dims: rotates.then_some(shape.rotary_dims),
            window: shape.window,
            embedding_width: (shape.embedding_width != shape.d_model).then_some(shape.embedding_width),
        }
    }
}
