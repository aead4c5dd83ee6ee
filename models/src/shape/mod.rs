//! The shape of a model: what fixes its file size, memory and work per token.

mod convert;
mod draft;
mod error;
mod text;
mod validate;
mod validated;

pub use draft::{PerLayer, ShapeDraft};
pub use error::ShapeError;
pub use validated::Shape;

#[cfg(test)]
mod tests;
