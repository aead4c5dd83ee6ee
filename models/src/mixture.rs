//! Which tensor of a file gets which type: the decisions of llama.cpp's quantizer
//! (`llama-quant.cpp`: `llama_tensor_get_type_impl`, `tensor_type_fallback`), so that
//! a synthetic file is as large and as fast as a quantized one. Left out is what
//! concerns mixtures of experts, Falcon, and an importance matrix.

use crate::output_type::{fitting, output_type};
use crate::role::Role;
use crate::{Arch, FileType, GgmlType, Shape, WeightType, WeightTypes};

/// Gives the tensors of a file their types, in the order of the layers.
pub(crate) struct Mixture<'a> {
    types: &'a WeightTypes,
    layers: u32,
    tied: bool,
    /// Models of 70 billion parameters share value heads among many queries.
    is_70b: bool,
    /// Value (or fused query, key and value) matrices so far.
    values: u32,
    /// Matrices at the end of feed-forward blocks so far.
    downs: u32,
}

impl<'a> Mixture<'a> {
    pub(crate) fn new(shape: &Shape, types: &'a WeightTypes) -> Self {
        let grouped = shape.heads() != shape.kv_heads();
        let is_70b = shape.layers() == 80
            && match shape.arch() {
                Arch::Llama => grouped,
                Arch::Qwen2 | Arch::Olmo => true,
                _ => false,
            };
        Self { types, layers: shape.layers(), tied: shape.tied(), is_70b, values: 0, downs: 0 }
    }

    /// The type of the next tensor, with rows of `width` elements.
    pub(crate) fn next_type(&mut self, name: &str, role: Role, width: u64) -> GgmlType {
        let (kind, base) = (self.types.matrices(), self.types.matrices().base());
        let wanted = match role {
            Role::Norm | Role::Bias | Role::Position => return GgmlType::F32,
            Role::Embedding => match self.types.embeddings() {
                Some(asked) => asked,
                None if self.tied && kind.is_k_quant() => output_type(base, width),
                None => base,
            },
            Role::Output => match self.types.output() {
                Some(asked) => asked,
                None if kind.is_k_quant() => output_type(base, width),
                None => base,
            },
            Role::Matrix => self.matrix(name, kind),
        };
        fitting(wanted, width).ggml()
    }

    fn matrix(&mut self, name: &str, kind: FileType) -> WeightType {
        let base = kind.base();
        if name.ends_with("attn_v.weight") || name.ends_with("attn_qkv.weight") {
            let index = self.values;
            self.values += 1;
            let chosen = value_type(kind, index, self.layers).unwrap_or(base);
            return match chosen {
                WeightType::Q3K | WeightType::Q4K if self.is_70b => WeightType::Q5K,
                _ => chosen,
            };
        }
        if name.ends_with("ffn_down.weight") {
            let index = self.downs;
            self.downs += 1;
            return down_type(kind, index, self.layers).unwrap_or(base);
        }
        if name.ends_with("attn_output.weight") {
            return match kind {
                FileType::Q3KM => WeightType::Q4K,
                FileType::Q3KL => WeightType::Q5K,
                _ => base,
            };
        }
        base
    }
}

/// The type of value matrix `index` of `count`, where it is not the base.
fn value_type(kind: FileType, index: u32, count: u32) -> Option<WeightType> {
    match kind {
        FileType::Q3KM => Some(if index < 2 { WeightType::Q5K } else { WeightType::Q4K }),
        FileType::Q3KL => Some(WeightType::Q5K),
        FileType::Q4KM | FileType::Q5KM if gets_more_bits(index, count) => Some(WeightType::Q6K),
        FileType::Q4KS if index < 4 => Some(WeightType::Q5K),
        _ => None,
    }
}

/// The type of the last matrix of feed-forward block `index` of `count`, where it is
/// not the base.
fn down_type(kind: FileType, index: u32, count: u32) -> Option<WeightType> {
    match kind {
        FileType::Q3KM => Some(if index < count / 16 { WeightType::Q5K } else { WeightType::Q4K }),
        FileType::Q3KL => Some(WeightType::Q5K),
        FileType::Q4KM | FileType::Q5KM if gets_more_bits(index, count) => Some(WeightType::Q6K),
        FileType::Q4KS if index < count / 8 => Some(WeightType::Q5K),
        _ => None,
    }
}

/// The first and the last eighth of the layers, and every third between
/// (`use_more_bits`).
fn gets_more_bits(index: u32, count: u32) -> bool {
    let eighth = count / 8;
    index < eighth || index >= 7 * count / 8 || (index - eighth) % 3 == 2
}
