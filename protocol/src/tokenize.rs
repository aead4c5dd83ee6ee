//! Input and output of `slm-agent tokenize`, which shows whether a model loads, how it
//! tokenizes, and whether it runs.

use serde::{Deserialize, Serialize};

/// What to tokenize: one JSON document on stdin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenizeRequest {
    /// Texts to tokenize. Special tokens written in them count; none are added.
    pub texts: Vec<String>,
}

/// The result: one JSON document on stdout.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenizeReport {
    /// Token ids of each text.
    pub ids: Vec<Vec<i32>>,
    /// Tokens decoded one by one after a prompt.
    pub decoded: u32,
    /// Whether all their logits were finite.
    pub finite: bool,
}
