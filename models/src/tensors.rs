//! The tensors of a shape: names, dimensions and storage types, as llama.cpp's
//! loaders ask for them.

use crate::arch::{Biases, Extra, Ffn, Norm};
use crate::mixture::Mixture;
use crate::role::Role;
use crate::{GgmlType, Shape, WeightTypes};

/// One tensor of a model file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorSpec {
    /// Its name in the file.
    pub name: String,
    /// Dimensions in ggml's order: the contiguous one (row length) first.
    pub dims: Vec<u64>,
    /// How its elements are stored.
    pub ggml_type: GgmlType,
    /// What it is for.
    pub role: Role,
}

impl TensorSpec {
    /// Number of elements.
    pub fn elements(&self) -> u64 {
        self.dims.iter().product()
    }

    /// Bytes of its data. Rows are whole blocks by construction.
    pub fn bytes(&self) -> u64 {
        self.ggml_type.bytes_of(self.elements()).unwrap_or(0)
    }
}

/// Alignment of tensor data in files, bytes.
pub const ALIGNMENT: u32 = 32;

struct Plan<'a> {
    shape: &'a Shape,
    mixture: Mixture<'a>,
    tensors: Vec<TensorSpec>,
}

impl Plan<'_> {
    fn push(&mut self, name: String, dims: &[u32], role: Role) {
        let dims: Vec<u64> = dims.iter().map(|dim| u64::from(*dim)).collect();
        let ggml_type = self.mixture.next_type(&name, role, dims[0]);
        self.tensors.push(TensorSpec { name, dims, ggml_type, role });
    }

    /// A linear layer from `inputs` to `outputs` elements.
    fn linear(&mut self, name: &str, inputs: u32, outputs: u32, bias: bool) {
        self.push(format!("{name}.weight"), &[inputs, outputs], Role::Matrix);
        if bias {
            self.push(format!("{name}.bias"), &[outputs], Role::Bias);
        }
    }

    fn norm(&mut self, name: &str) {
        let width = self.shape.d_model();
        if self.shape.arch().facts().norm == Norm::LayerBare {
            return;
        }
        self.push(format!("{name}.weight"), &[width], Role::Norm);
        if self.shape.norm_bias() {
            self.push(format!("{name}.bias"), &[width], Role::Bias);
        }
    }

    fn attention(&mut self, layer: u32) {
        let shape = self.shape;
        let facts = shape.arch().facts();
        let at = |name: &str| format!("blk.{layer}.{name}");
        let (d_model, q, kv) = (shape.d_model(), shape.q_width(layer), shape.kv_width(layer));
        let all_biases = shape.bias() && matches!(facts.biases, Biases::AllAlways | Biases::AllOptional);

        self.norm(&at("attn_norm"));
        if facts.has(Extra::FusedQkv) {
            self.linear(&at("attn_qkv"), d_model, q + 2 * kv, shape.bias());
        } else {
            self.linear(&at("attn_q"), d_model, q, shape.bias());
            self.linear(&at("attn_k"), d_model, kv, shape.bias());
            self.linear(&at("attn_v"), d_model, kv, shape.bias());
        }
        if facts.has(Extra::QkNormPerHead) {
            self.push(at("attn_q_norm.weight"), &[shape.head_dim()], Role::Norm);
            self.push(at("attn_k_norm.weight"), &[shape.head_dim()], Role::Norm);
        }
        if facts.has(Extra::QkNormFull) {
            self.push(at("attn_q_norm.weight"), &[q], Role::Norm);
            self.push(at("attn_k_norm.weight"), &[kv], Role::Norm);
        }
        self.linear(&at("attn_output"), q, d_model, all_biases);
        if facts.has(Extra::PostNorms) {
            self.norm(&at("post_attention_norm"));
        }
    }

    fn feed_forward(&mut self, layer: u32) {
        let shape = self.shape;
        let facts = shape.arch().facts();
        let at = |name: &str| format!("blk.{layer}.{name}");
        let (d_model, d_ff) = (shape.d_model(), shape.d_ff().at(layer));
        let bias = shape.bias() && matches!(facts.biases, Biases::AllAlways | Biases::AllOptional);

        if !facts.has(Extra::SingleNorm) {
            self.norm(&at("ffn_norm"));
        }
        match facts.ffn {
            Ffn::Plain => self.linear(&at("ffn_up"), d_model, d_ff, bias),
            Ffn::Gated => {
                self.linear(&at("ffn_gate"), d_model, d_ff, bias);
                self.linear(&at("ffn_up"), d_model, d_ff, bias);
            }
            Ffn::GatedFused => self.linear(&at("ffn_up"), d_model, 2 * d_ff, bias),
        }
        self.linear(&at("ffn_down"), d_ff, d_model, bias);
        if facts.has(Extra::PostNorms) {
            self.norm(&at("post_ffw_norm"));
        }
    }
}

impl Shape {
    /// All tensors of a model of this shape, in the order of the file.
    pub fn tensors(&self, types: &WeightTypes) -> Vec<TensorSpec> {
        let facts = self.arch().facts();
        let (d_model, width) = (self.d_model(), self.embedding_width());
        let mut plan = Plan { shape: self, mixture: Mixture::new(self, types), tensors: Vec::new() };
        plan.push("token_embd.weight".into(), &[width, self.vocab()], Role::Embedding);
        if width != d_model {
            plan.linear("project_in", width, d_model, false);
        }
        if facts.has(Extra::EmbeddingNorm) {
            plan.norm("token_embd_norm");
        }
        if let Some(rows) = self.position_rows() {
            plan.push("position_embd.weight".into(), &[d_model, rows], Role::Position);
        }
        for layer in 0..self.layers() {
            plan.attention(layer);
            plan.feed_forward(layer);
        }
        if width == d_model {
            plan.norm("output_norm");
        } else {
            // OPT-350M normalises after each block instead of before it and at the end.
            plan.linear("project_out", d_model, width, false);
        }
        if !self.tied() {
            plan.push("output.weight".into(), &[width, self.vocab()], Role::Output);
        }
        if facts.has(Extra::OutputBias) {
            plan.push("output.bias".into(), &[self.vocab()], Role::Bias);
        }
        plan.tensors
    }

    /// Number of parameters (elements of all tensors).
    pub fn params(&self) -> u64 {
        self.tensors(&WeightTypes::default()).iter().map(TensorSpec::elements).sum()
    }

    /// Number of parameters without the embedding, position and output matrices.
    pub fn params_without_embeddings(&self) -> u64 {
        let tables = [Role::Embedding, Role::Output, Role::Position];
        let tensors = self.tensors(&WeightTypes::default());
        tensors.iter().filter(|tensor| !tables.contains(&tensor.role)).map(TensorSpec::elements).sum()
    }

    /// Bytes of all tensor data, each tensor padded as in the file. The file adds
    /// its header: about 2 MB of vocabulary.
    pub fn data_bytes(&self, types: &WeightTypes) -> u64 {
        self.tensors(types).iter().map(|tensor| tensor.bytes().next_multiple_of(ALIGNMENT.into())).sum()
    }

    /// Bits that a parameter takes on average, in the file and in memory.
    pub fn bits_per_weight(&self, types: &WeightTypes) -> f64 {
        let bytes: u64 = self.tensors(types).iter().map(TensorSpec::bytes).sum();
        8.0 * bytes as f64 / self.params() as f64
    }

    /// Bytes of weights that the decoding of one token reads: all but the tables of
    /// which it takes one row (positions, and the embedding unless it is the output too).
    pub fn decode_bytes(&self, types: &WeightTypes) -> u64 {
        let read = |tensor: &&TensorSpec| match tensor.role {
            Role::Position => false,
            Role::Embedding => self.tied(),
            Role::Matrix | Role::Output | Role::Norm | Role::Bias => true,
        };
        self.tensors(types).iter().filter(read).map(TensorSpec::bytes).sum()
    }
}
