//! What a header says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::keys;
use super::super::value::Value;
use crate::{FileType, GgmlType, Shape, WeightTypes};

/// A tensor as listed in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name.
    pub name: String,
    /// Dimensions, the contiguous one first.
    pub dims: Vec<u64>,
    /// How its elements are stored.
    pub ggml_type: GgmlType,
    /// Where its data begin, in bytes from the start of its file's data.
    pub offset: u64,
    /// Number of elements.
    pub elements: u64,
    /// Bytes of its data.
    pub bytes: u64,
}

/// The header of a GGUF file, or what the headers of all parts of a split model say together.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Version of the format: 2 or 3.
    pub version: u32,
    /// Metadata by key; of a split model those of its first part, which has all.
    pub metadata: BTreeMap<String, Value>,
    /// Tensors, in the order of the header, part after part.
    pub tensors: Vec<TensorInfo>,
    /// Where tensor data begin, in bytes from the start of the (first) file.
    pub data_start: u64,
    /// Size of the whole file, or of all parts together.
    pub file_bytes: u64,
    /// The files: one, or all parts of a split model in their order.
    pub parts: Vec<Part>,
    /// What is missing of the data, if anything is.
    pub(in crate::gguf) cut_short: Option<String>,
}

/// A file of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
}

/// What a header says of the model's shape; `None` where it does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShapeFacts {
    /// Architecture, by llama.cpp's name.
    pub arch: Option<String>,
    /// Transformer blocks.
    pub layers: Option<u64>,
    /// Width of the residual stream.
    pub d_model: Option<u64>,
    /// Attention heads, if all layers have the same number.
    pub heads: Option<u64>,
    /// Key-value heads, if all layers have the same number.
    pub kv_heads: Option<u64>,
    /// Width of one head.
    pub head_dim: Option<u64>,
    /// Width of the feed-forward block, if all layers have the same.
    pub d_ff: Option<u64>,
    /// Tokens of the vocabulary.
    pub vocab: Option<u64>,
    /// Longest context, in tokens.
    pub context: Option<u64>,
}

impl Header {
    /// What is missing of a file whose data are cut short.
    pub fn cut_short(&self) -> Option<String> {
        self.cut_short.clone()
    }

    /// Number of parameters (elements of all tensors).
    pub fn params(&self) -> u64 {
        // Elements never outnumber eight times the bytes of the file.
        self.tensors.iter().map(|tensor| tensor.elements).sum()
    }

    /// Bytes of all weights.
    pub fn weight_bytes(&self) -> u64 {
        self.tensors.iter().map(|tensor| tensor.bytes).sum()
    }

    /// Bits that a parameter takes on average.
    pub fn bits_per_weight(&self) -> f64 {
        8.0 * self.weight_bytes() as f64 / self.params().max(1) as f64
    }

    /// What llama.cpp's quantizer says it made of the file, where it is one of its
    /// kinds that are known here.
    pub fn file_type(&self) -> Option<FileType> {
        FileType::from_number(self.metadata.get("general.file_type")?.as_u64()?)
    }

    /// Bytes of weights that the decoding of one token reads: all but tables of which
    /// it takes one row (positions; the embedding, unless it is the output too) and
    /// experts that are not chosen.
    pub fn decode_bytes(&self) -> u64 {
        let untied = self.tensors.iter().any(|tensor| tensor.name == "output.weight");
        let (chosen, experts) = (self.number("expert_used_count"), self.number("expert_count"));
        let read = |tensor: &TensorInfo| match tensor.name.as_str() {
            "token_embd.weight" if untied => 0,
            "position_embd.weight" | "per_layer_token_embd.weight" => 0,
            name if name.contains("_exps.") => match (chosen, experts) {
                (Some(chosen), Some(experts)) if experts > 0 && chosen <= experts => {
                    let share = u128::from(tensor.bytes) * u128::from(chosen) / u128::from(experts);
                    u64::try_from(share).unwrap_or(tensor.bytes)
                }
                _ => tensor.bytes,
            },
            _ => tensor.bytes,
        };
        self.tensors.iter().map(read).sum()
    }

    /// Weights that every token of a prompt is multiplied with: matrices of the blocks, of experts only
    /// those that are chosen. Not the embedding and position tables, of which a row is taken, nor vectors,
    /// nor what only the last token needs: the output layer, and the last block's feed-forward part, since
    /// llama.cpp's graphs go on with the rows that give logits once that block's attention is done
    /// (`inp_out_ids`). Nor blocks behind it, which predict further tokens. `None` where the number of blocks
    /// or of chosen experts is not known.
    pub fn prefill_params(&self) -> Option<u64> {
        let (chosen, experts) = (self.number("expert_used_count"), self.number("expert_count"));
        let last = self
            .number("block_count")?
            .checked_sub(self.number("nextn_predict_layers").unwrap_or(0).saturating_add(1))?;
        let of = |tensor: &TensorInfo| {
            let Some((block, part)) = block_and_part(&tensor.name) else { return Some(0) };
            let is_matrix = tensor.dims.iter().filter(|size| **size > 1).count() > 1;
            let is_for_all = block < last || (block == last && !part.starts_with("ffn_"));
            if !is_matrix || !is_for_all {
                return Some(0);
            }
            if !part.contains("_exps.") {
                return Some(tensor.elements);
            }
            let (chosen, experts) = (chosen?, experts.filter(|count| *count > 0)?);
            let share = u128::from(tensor.elements) * u128::from(chosen.min(experts)) / u128::from(experts);
            u64::try_from(share).ok()
        };
        self.tensors.iter().map(of).sum()
    }

    /// Whether the file says that this crate made it with random weights.
    pub fn is_synthetic(&self) -> bool {
        self.metadata.get(keys::SYNTHETIC).and_then(Value::as_bool) == Some(true)
    }

    /// The shape a synthetic file was made of.
    pub fn synthetic_shape(&self) -> Option<Shape> {
        self.text(keys::SHAPE)?.parse().ok()
    }

    /// The storage types a synthetic file was made with.
    pub fn synthetic_types(&self) -> Option<WeightTypes> {
        self.text(keys::TYPES)?.parse().ok()
    }

    /// The architecture, by llama.cpp's name.
    pub fn arch(&self) -> Option<&str> {
        self.text("general.architecture")
    }

    /// What the header says of the model's shape.
    pub fn shape_facts(&self) -> ShapeFacts {
        let heads = self.number("attention.head_count");
        let d_model = self.number("embedding_length");
        let split = || d_model.zip(heads).and_then(|(width, heads)| width.checked_div(heads));
        ShapeFacts {
            arch: self.arch().map(str::to_owned),
            layers: self.number("block_count"),
            d_model,
            heads,
            kv_heads: self.number("attention.head_count_kv").or(heads),
            head_dim: self.number("attention.key_length").or_else(split),
            d_ff: self.number("feed_forward_length"),
            vocab: self.metadata.get("tokenizer.ggml.tokens").and_then(Value::array_len),
            context: self.number("context_length"),
        }
    }

    /// The type that holds most of the weights' bytes; what the file is called after.
    pub fn main_type(&self) -> Option<GgmlType> {
        let mut bytes: Vec<(GgmlType, u64)> = Vec::new();
        for tensor in &self.tensors {
            match bytes.iter_mut().find(|(known, _)| *known == tensor.ggml_type) {
                Some((_, sum)) => *sum += tensor.bytes,
                None => bytes.push((tensor.ggml_type, tensor.bytes)),
            }
        }
        bytes.into_iter().max_by_key(|(_, sum)| *sum).map(|(ggml_type, _)| ggml_type)
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).and_then(Value::as_str)
    }

    /// A number of the architecture's own metadata.
    fn number(&self, name: &str) -> Option<u64> {
        self.metadata.get(&format!("{}.{name}", self.arch()?)).and_then(Value::as_u64)
    }
}

/// The block that a tensor belongs to, and its name within it: `blk.3.ffn_up.weight`.
fn block_and_part(name: &str) -> Option<(u64, &str)> {
    let (block, part) = name.strip_prefix("blk.")?.split_once('.')?;
    Some((block.parse().ok()?, part))
}
