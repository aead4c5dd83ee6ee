//! What is to be imported.

use std::path::PathBuf;

use slm_models::{FileType, WeightType};

/// Version of the conversion; grows when files change.
pub const CONVERTER_VERSION: u32 = 2;

/// What to import.
#[derive(Debug, Clone)]
pub struct Request {
    /// The folder: `config.json`, weights, tokenizer.
    pub folder: PathBuf,
    /// Where the tokenizer is, if not in the folder.
    pub tokenizer: Option<PathBuf>,
    /// Type of the matrices: `F32`, `F16`, `Q8_0` or `Q4_0`.
    pub weights: FileType,
    /// Type of the embeddings.
    pub embeddings: Embeddings,
    /// What the model is called in the file; its folder's name where nothing is said.
    pub name: Option<String>,
    /// Repository that the folder is a snapshot of.
    pub repository: Option<String>,
    /// Its commit.
    pub commit: Option<String>,
}

/// The type of the embedding matrix, and so of the output where both are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Embeddings {
    /// As the other matrices.
    Same,
    /// `Q8_0` for the matrix that gives the logits where the others have 4 bits, as
    /// quantizers keep it finer; else as the others.
    Auto,
    /// This one.
    Type(WeightType),
}
