//! Output of `slm-agent prompts`, which is given a job and runs none of its trials.

use serde::{Deserialize, Serialize};

/// One JSON document on stdout.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptsReport {
    /// In the job's order.
    pub prompts: Vec<ShownPrompt>,
}

/// A prompt as the model reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownPrompt {
    /// The job's identifier.
    pub id: String,
    /// The text that is tokenized.
    pub text: String,
    /// Whether a chat template was applied.
    pub templated: bool,
    /// Why it would not be measured.
    pub unsupported: Option<String>,
    /// What the model reads; `None` from an engine that tokenizes by itself.
    pub tokens: Option<Vec<ShownToken>>,
}

/// A token of a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownToken {
    /// Its id.
    pub id: i32,
    /// Its text, invalid UTF-8 replaced.
    pub text: String,
    /// Whether it is none of a text: it begins, ends or marks something.
    pub special: bool,
}
