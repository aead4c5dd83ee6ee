//! What a model library and its folder say of themselves.

use crate::engine::error::LoadError;
use serde::Deserialize;
use slm_models::plain_text;
use slm_protocol::Failure;
use std::path::Path;

/// Largest JSON file that is read, bytes.
const MAX_JSON: u64 = 128 << 20;

/// `_metadata` of a library, as far as it is needed.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::engine) struct Metadata {
    #[serde(default)]
    pub(in crate::engine) model_type: String,
    #[serde(default)]
    pub(in crate::engine) quantization: String,
    pub(in crate::engine) context_window_size: i64,
    pub(in crate::engine) prefill_chunk_size: i64,
    /// -1 where attention sees everything.
    #[serde(default = "none")]
    pub(in crate::engine) sliding_window_size: i64,
    #[serde(default = "one")]
    pub(in crate::engine) tensor_parallel_shards: i64,
    #[serde(default = "kv_cache")]
    pub(in crate::engine) kv_state_kind: String,
    pub(in crate::engine) params: Vec<Param>,
}

/// A tensor that the library takes.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::engine) struct Param {
    pub(in crate::engine) name: String,
    pub(in crate::engine) shape: Vec<u64>,
    pub(in crate::engine) dtype: String,
}

/// `mlc-chat-config.json`, as far as it is needed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::engine) struct ChatConfig {
    #[serde(default)]
    pub(in crate::engine) vocab_size: u32,
    #[serde(default)]
    pub(in crate::engine) eos_token_id: Option<Ids>,
    #[serde(default)]
    model_type: String,
    #[serde(default)]
    quantization: String,
    #[serde(default = "none")]
    context_window_size: i64,
    #[serde(default = "none")]
    prefill_chunk_size: i64,
}

/// `tensor-cache.json`: the weights of a folder.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::engine) struct TensorCache {
    records: Vec<Shard>,
}

#[derive(Clone, Debug, Deserialize)]
struct Shard {
    records: Vec<Param>,
}

/// One id or several; configurations have both.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(in crate::engine) enum Ids {
    One(i32),
    Several(Vec<i32>),
}

impl Ids {
    pub(in crate::engine) fn as_slice(&self) -> &[i32] {
        match self {
            Ids::One(id) => std::slice::from_ref(id),
            Ids::Several(ids) => ids,
        }
    }
}

fn none() -> i64 {
    -1
}

fn one() -> i64 {
    1
}

fn kv_cache() -> String {
    "kv_cache".to_owned()
}

impl Metadata {
    /// Reads it, and refuses what the token loop here cannot run.
    pub(in crate::engine) fn parse(text: &str) -> Result<Self, String> {
        let metadata: Self =
            serde_json::from_str(text).map_err(|error| format!("its _metadata cannot be read: {error}"))?;
        let refuse = |what: &str| Err(format!("{what}, which this engine cannot run"));
        if metadata.params.is_empty() || metadata.params.iter().any(|param| param.bits().is_none()) {
            return refuse("its _metadata names no parameters, or one of a type that is not known");
        }
        if !(1..=i64::from(i32::MAX)).contains(&metadata.context_window_size) {
            return refuse(&format!("it states a context of {} tokens", metadata.context_window_size));
        }
        if !(1..=metadata.context_window_size).contains(&metadata.prefill_chunk_size) {
            return refuse(&format!("it states a prefill chunk of {} tokens", metadata.prefill_chunk_size));
        }
        if metadata.tensor_parallel_shards != 1 {
            return refuse("it is made for several devices");
        }
        if metadata.kv_state_kind != "kv_cache" {
            return refuse(&format!("its state is a {}", metadata.kv_state_kind));
        }
        if metadata.sliding_window_size > 0 {
            return refuse("its attention has a sliding window");
        }
        Ok(metadata)
    }

    /// What a folder says, for an engine that reads the library itself.
    pub(in crate::engine) fn of_folder(config: &ChatConfig, cache: TensorCache) -> Self {
        Self {
            model_type: config.model_type.clone(),
            quantization: config.quantization.clone(),
            context_window_size: config.context_window_size,
            prefill_chunk_size: config.prefill_chunk_size,
            sliding_window_size: none(),
            tensor_parallel_shards: one(),
            kv_state_kind: kv_cache(),
            params: cache.records.into_iter().flat_map(|shard| shard.records).collect(),
        }
    }

    /// Bytes of all tensors.
    pub(in crate::engine) fn bytes(&self) -> u64 {
        total(self.params.iter().map(Param::bytes))
    }

    /// Parameters of the model; scales of groups are not counted.
    pub(in crate::engine) fn parameters(&self) -> u64 {
        let bits = self.weight_bits();
        total(self.params.iter().map(|param| param.parameters(bits)))
    }

    /// Bits of a packed weight, as the quantization's name begins: `q4f16_1`.
    fn weight_bits(&self) -> u64 {
        let digits: String = self.quantization.chars().skip(1).take_while(char::is_ascii_digit).collect();
        digits.parse().ok().filter(|bits| (1..=32).contains(bits)).unwrap_or(4)
    }

    /// Bytes that a decode step must read: without the embedding where another matrix
    /// gives the logits. `None` where the names do not show it.
    pub(in crate::engine) fn decode_bytes(&self) -> Option<u64> {
        let embedding = total(self.params.iter().filter(|param| param.is_embedding()).map(Param::bytes));
        let head = self.params.iter().any(|param| param.name.starts_with("lm_head"));
        (embedding > 0).then(|| if head { self.bytes().saturating_sub(embedding) } else { self.bytes() })
    }

    /// Weights that every prompt token is multiplied with. `None` where the names do not show it, and of
    /// models with experts, of which only some are chosen.
    pub(in crate::engine) fn prefill_params(&self) -> Option<u64> {
        let bits = self.weight_bits();
        let has_experts = self.params.iter().any(|param| param.name.split('.').any(is_expert));
        let is_known = !has_experts && self.params.iter().any(Param::is_embedding);
        let is_multiplied = |param: &&Param| {
            let is_table =
                param.is_embedding() || param.name.contains("position") || param.name.contains("wpe");
            param.shape.len() > 1 && !is_table && !param.name.starts_with("lm_head")
        };
        is_known.then(|| total(self.params.iter().filter(is_multiplied).map(|param| param.parameters(bits))))
    }

    /// Rows of the embedding: ids from there on must never reach the library.
    pub(in crate::engine) fn vocabulary(&self) -> Option<u64> {
        self.params.iter().find(|param| param.is_embedding())?.shape.first().copied()
    }
}

impl Param {
    fn elements(&self) -> u64 {
        self.shape.iter().fold(1, |product, size| product.saturating_mul(*size))
    }

    /// Bits of an element.
    fn bits(&self) -> Option<u64> {
        let digits = self.dtype.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
        digits.parse().ok().filter(|bits| (1..=64).contains(bits))
    }

    fn bytes(&self) -> u64 {
        (self.elements().saturating_mul(self.bits().unwrap_or(0))).div_ceil(8)
    }

    /// As many packed weights as fit lie in a word: eight of 4 bits in 32.
    fn parameters(&self, bits: u64) -> u64 {
        match self.name.rsplit('.').next() {
            Some("q_weight") => self.elements().saturating_mul(self.bits().unwrap_or(0) / bits),
            Some("q_scale" | "q_zeros") => 0,
            _ => self.elements(),
        }
    }

    fn is_embedding(&self) -> bool {
        let names = ["embed_tokens", "wte", "embed_in", "word_embeddings", "tok_embeddings"];
        self.name.split('.').any(|part| names.contains(&part))
    }
}

/// Whether a part of a tensor's name says that it holds experts (`block_sparse_moe`, `experts`).
fn is_expert(part: &str) -> bool {
    part.contains("moe") || part.contains("expert")
}

fn total(sizes: impl Iterator<Item = u64>) -> u64 {
    sizes.fold(0, u64::saturating_add)
}

/// A JSON file of the model's folder.
pub(in crate::engine) fn read_json<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, LoadError> {
    let refuse = |why: &dyn std::fmt::Display| LoadError {
        failure: Failure::LoadFailed,
        message: format!("{}: {why}", path.display()),
    };
    let text = plain_text::read(path, MAX_JSON)
        .map_err(|error| LoadError { failure: Failure::LoadFailed, message: error.to_string() })?;
    serde_json::from_str(&text).map_err(|error| refuse(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(params: &str, more: &str) -> String {
        format!(r#"{{"context_window_size": 512, "prefill_chunk_size": 128, "params": [{params}]{more}}}"#)
    }

    const PACKED: &str = r#"
        {"name": "model.embed_tokens.q_weight", "shape": [512, 32], "dtype": "uint32"},
        {"name": "model.embed_tokens.q_scale", "shape": [512, 8], "dtype": "float16"},
        {"name": "model.norm.weight", "shape": [256], "dtype": "float16"}"#;

    #[test]
    fn sizes_follow_from_the_packed_tensors() {
        let metadata = Metadata::parse(&text(PACKED, "")).unwrap();
        assert_eq!(metadata.parameters(), 512 * 256 + 256);
        assert_eq!(metadata.bytes(), 512 * 32 * 4 + 512 * 8 * 2 + 512);
        assert_eq!(metadata.decode_bytes(), Some(metadata.bytes()), "the embedding gives the logits too");
        assert_eq!(metadata.vocabulary(), Some(512));
        let head = r#", {"name": "lm_head.weight", "shape": [512, 256], "dtype": "float16"}"#;
        let with_head = Metadata::parse(&text(&format!("{PACKED}{head}"), "")).unwrap();
        assert_eq!(with_head.decode_bytes(), Some(512 + 512 * 256 * 2));
        assert_eq!(with_head.prefill_params(), Some(0), "neither tables, nor vectors, nor the output layer");
        let block = r#", {"name": "layers.0.qkv.q_weight", "shape": [64, 32], "dtype": "uint32"}"#;
        let with_block = Metadata::parse(&text(&format!("{PACKED}{block}"), "")).unwrap();
        assert_eq!(with_block.prefill_params(), Some(64 * 256));
        let expert = r#", {"name": "layers.0.moe.gate.weight", "shape": [4], "dtype": "float16"}"#;
        let with_experts = Metadata::parse(&text(&format!("{PACKED}{expert}"), "")).unwrap();
        assert_eq!(with_experts.prefill_params(), None);
    }

    #[test]
    fn what_cannot_run_is_refused_in_words() {
        for (more, word) in [
            (r#", "tensor_parallel_shards": 2"#, "several devices"),
            (r#", "kv_state_kind": "rnn_state""#, "rnn_state"),
            (r#", "sliding_window_size": 4096"#, "sliding window"),
        ] {
            let why = Metadata::parse(&text(PACKED, more)).unwrap_err();
            assert!(why.contains(word), "{why}");
        }
        assert!(Metadata::parse(&text("", "")).is_err());
        assert!(Metadata::parse("{}").unwrap_err().contains("context_window_size"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            let _ = Metadata::parse(&text);
        }

        #[test]
        fn any_shape_is_counted_without_overflow(shape in proptest::collection::vec(any::<u64>(), 0..4)) {
            let param = format!(r#"{{"name": "x.q_weight", "shape": {shape:?}, "dtype": "uint32"}}"#);
            let metadata = Metadata::parse(&text(&param, "")).unwrap();
            let _ = (metadata.bytes(), metadata.parameters());
        }
    }
}
