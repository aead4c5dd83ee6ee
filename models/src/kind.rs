//! What a GGUF file holds: only text generators are measured, and the engine ends its
//! process on some of the others.

use crate::gguf::{Header, Value};

/// What a GGUF file holds, by its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelKind {
    /// A model that writes text token by token: what is measured.
    TextGenerator,
    /// An encoder and a decoder (T5).
    EncoderDecoder,
    /// A model whose output is a vector for a text (BERT and its like), or a score.
    Embedder,
    /// A model that fills in a whole text at once, step by step.
    Diffusion,
    /// The heads of a small model that guesses ahead for another one.
    Draft,
    /// A model that makes sound.
    Speech,
    /// What turns pictures or sound into embeddings for a model (`mmproj`).
    Projector,
    /// Changes to another model's weights (`LoRA`).
    Adapter,
    /// A direction to steer another model by.
    ControlVector,
    /// An importance matrix for a quantizer.
    ImportanceMatrix,
    /// A tokenizer without a model.
    Vocabulary,
    /// A model without a tokenizer.
    NoTokenizer,
    /// None of these: no architecture is named.
    Unnamed,
}

/// Architectures of llama.cpp that write no text one token after another (`src/llama-arch.cpp`,
/// `llama_model_has_encoder`, `llm_arch_is_diffusion` and the loaders of llama-cpp-sys-2 0.1.161).
const OTHERS: [(ModelKind, &[&str]); 6] = [
    (ModelKind::EncoderDecoder, &["t5"]),
    (
        ModelKind::Embedder,
        &[
            "bert",
            "modern-bert",
            "nomic-bert",
            "nomic-bert-moe",
            "neo-bert",
            "jina-bert-v2",
            "jina-bert-v3",
            "eurobert",
            "t5encoder",
            "gemma-embedding",
            "llama-embed",
        ],
    ),
    (ModelKind::Diffusion, &["dream", "llada", "llada-moe", "rnd1"]),
    (ModelKind::Draft, &["eagle3", "dflash", "gemma4-assistant"]),
    (ModelKind::Speech, &["wavtokenizer-dec", "qwen3tts", "pockettts"]),
    (ModelKind::Projector, &["clip"]),
];

impl ModelKind {
    /// The kind of a file, by `general.type`, then by what its architecture is for.
    pub fn of(header: &Header) -> Self {
        let text = |key: &str| header.metadata.get(key).and_then(Value::as_str);
        let has = |key: &str| header.metadata.contains_key(key);
        match text("general.type") {
            Some("adapter") => return Self::Adapter,
            Some("mmproj") => return Self::Projector,
            Some("imatrix") => return Self::ImportanceMatrix,
            _ => {}
        }
        // Files from before `general.type`, and those whose makers left it out.
        if has("adapter.type") || header.tensors.iter().any(|tensor| tensor.name.ends_with(".lora_a")) {
            return Self::Adapter;
        }
        if has("imatrix.chunk_count") || has("imatrix.datasets") {
            return Self::ImportanceMatrix;
        }
        if ["clip.has_vision_encoder", "clip.has_audio_encoder", "clip.projector_type"].into_iter().any(has) {
            return Self::Projector;
        }
        let Some(arch) = header.arch() else { return Self::Unnamed };
        if arch == "controlvector" || has("controlvector.model_hint") {
            return Self::ControlVector;
        }
        if let Some((kind, _)) = OTHERS.iter().find(|(_, names)| names.contains(&arch)) {
            return *kind;
        }
        if embeds(header, arch) {
            return Self::Embedder;
        }
        let tokenizer = text("tokenizer.ggml.model").filter(|name| !matches!(*name, "no_vocab" | "none"));
        match (tokenizer, header.tensors.is_empty()) {
            (Some(_), false) => Self::TextGenerator,
            (Some(_), true) => Self::Vocabulary,
            (None, _) => Self::NoTokenizer,
        }
    }

    /// What follows `FILE`, and what to do; `None` for what is measured.
    pub fn refusal(self) -> Option<(&'static str, &'static str)> {
        const GENERATOR: &str = "give a model that generates text token by token, as Llama, Qwen or Gemma do";
        const MODEL_FILE: &str = "give the GGUF file of the model itself";
        Some(match self {
            Self::TextGenerator => return None,
            Self::EncoderDecoder => ("holds an encoder-decoder model, which is not measured", GENERATOR),
            Self::Embedder => ("holds an embedder or a ranker, which writes no text", GENERATOR),
            Self::Diffusion => ("holds a diffusion model, which writes no text token by token", GENERATOR),
            Self::Draft => ("holds a draft model, which only guesses ahead for another model", MODEL_FILE),
            Self::Speech => ("holds a model for speech, which writes no text", GENERATOR),
            Self::Projector => ("holds a projector (mmproj) for pictures or sound, not a model", MODEL_FILE),
            Self::Adapter => (
                "holds an adapter (LoRA), not a model",
                "merge it into its base model with llama.cpp's llama-export-lora, and give the result",
            ),
            Self::ControlVector => ("holds a control vector, not a model", MODEL_FILE),
            Self::ImportanceMatrix => {
                ("holds an importance matrix, which quantizers use, not a model", MODEL_FILE)
            }
            Self::Vocabulary => ("holds a tokenizer only and no weights", MODEL_FILE),
            Self::NoTokenizer => {
                ("holds no tokenizer", "convert the model anew from a folder that has its tokenizer")
            }
            Self::Unnamed => ("names no architecture, so that no engine can run it", MODEL_FILE),
        })
    }

    /// For people and programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::TextGenerator => "text generator",
            Self::EncoderDecoder => "encoder-decoder",
            Self::Embedder => "embedder",
            Self::Diffusion => "diffusion model",
            Self::Draft => "draft model",
            Self::Speech => "speech model",
            Self::Projector => "projector",
            Self::Adapter => "adapter",
            Self::ControlVector => "control vector",
            Self::ImportanceMatrix => "importance matrix",
            Self::Vocabulary => "vocabulary only",
            Self::NoTokenizer => "model without tokenizer",
            Self::Unnamed => "unknown",
        }
    }
}

/// A generator's architecture turned into an embedder: the output of all tokens is pooled
/// (`pooling_type` above 0), or tokens see those after them.
fn embeds(header: &Header, arch: &str) -> bool {
    let own = |name: &str| header.metadata.get(&format!("{arch}.{name}"));
    let pooled = own("pooling_type").and_then(Value::as_u64).is_some_and(|kind| kind > 0);
    pooled || own("attention.causal").and_then(Value::as_bool) == Some(false)
}

#[cfg(test)]
mod tests;
