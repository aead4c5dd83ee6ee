//! Why a shape is not possible.

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
    pub(super) fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}
