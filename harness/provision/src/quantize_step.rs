//! How far a quantization is.

/// What is being done, for whoever shows it.
#[derive(Clone, Debug)]
pub enum QuantizeStep {
    /// So many tensors of so many are done.
    Tensor {
        /// Done.
        done: u32,
        /// Of.
        of: u32,
    },
    /// The result is loaded and tried.
    Checking,
    /// The result is hashed.
    Hashing,
}
