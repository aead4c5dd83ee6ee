//! What a tensor is for.

/// What a tensor is for, which decides its storage type and its random values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Weights of a linear layer.
    Matrix,
    /// The embedding matrix.
    Embedding,
    /// The output matrix, where it is not the embedding matrix.
    Output,
    /// Weights of a norm (near 1).
    Norm,
    /// A bias (near 0).
    Bias,
    /// The table of learned positions.
    Position,
}
