//! How a model file is made.

use serde::{Deserialize, Serialize};

use crate::WeightTypes;

/// How to make a model file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MakeOptions {
    /// Storage types of the weights.
    pub types: WeightTypes,
    /// Seed of the random weights.
    pub seed: u64,
}
