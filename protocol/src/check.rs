//! `slm-agent tokenize`: does a model load, how does it split texts, does it run?

use serde::{Deserialize, Serialize};

/// What to try, as one JSON document on stdin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRequest {
    /// Texts to tokenize: special tokens written in them count, none are added.
    pub texts: Vec<String>,
}

/// What came of it, as one JSON document on stdout.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// Token ids of each text.
    pub ids: Vec<Vec<i32>>,
    /// Tokens decoded one by one after a prompt.
    pub decoded: u32,
    /// Whether all their logits were finite.
    pub finite: bool,
}
