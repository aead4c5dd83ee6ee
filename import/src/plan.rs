//! What is written: every tensor of the file with the tensor of the checkpoint that it
//! comes from, all checked before the first byte is written.

use std::collections::BTreeSet;

use slm_models::{
    Arch, GgmlType, HeaderWriter, Role, TensorSpec, WeightTypes, can_encode, encode, write_sizes,
};

use crate::arch::{Change, Design, Fact, source_of};
use crate::checkpoint::{Checkpoint, Dtype, Tensor};
use crate::error::{Result, advise, advised, refuse, refused};

/// Elements converted at once: a few megabytes.
const PIECE: u64 = 1 << 20;

/// Where a tensor's values come from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Stored { tensor: Tensor, change: Change },
    Values(Vec<f32>),
}

/// A tensor to write.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) spec: TensorSpec,
    pub(crate) content: Content,
}

/// Prefixes that trainers put before all names.
const PREFIXES: [&str; 3] = ["", "model.", "module."];

/// Pairs the tensors of the file with those of the checkpoint. Each must be there,
/// with the right shape, and none may be left over.
pub(crate) fn items(design: &Design, checkpoint: &Checkpoint, types: WeightTypes) -> Result<Vec<Item>> {
    let shape = &design.shape;
    let mut specs = shape.tensors(&types);
    if design.attention_bias {
        specs.extend(attention_biases(&specs));
    }
    let prefix = prefix(shape.arch(), checkpoint)?;
    let mut used = BTreeSet::new();
    let mut items = Vec::new();
    for spec in specs {
        let Some((source, change)) = source_of(shape.arch(), &spec.name, shape.head_dim()) else {
            return refuse(format!("tensor {:?} has no counterpart in such checkpoints", spec.name));
        };
        if !can_encode(spec.ggml_type) {
            return advise(format!(
                "the conversion writes f32, f16, q8_0 and q4_0, and no {}; import as f16 and quantize that",
                spec.ggml_type
            ));
        }
        let source = format!("{prefix}{source}");
        let Some(tensor) = checkpoint.tensors.get(&source) else {
            return refuse(format!("the checkpoint has no tensor {source:?}, which config.json calls for"));
        };
        let expected: Vec<u64> = spec.dims.iter().rev().copied().collect();
        if tensor.shape != expected {
            return refuse(format!(
                "tensor {source:?} has shape {:?}, where config.json calls for {expected:?}",
                tensor.shape
            ));
        }
        if let Dtype::Other(name) = &tensor.dtype {
            return refuse(format!("tensor {source:?} is stored as {name}; F32, F16 and BF16 are read"));
        }
        used.insert(source);
        items.push(Item { spec, content: Content::Stored { tensor: tensor.clone(), change } });
    }
    let ignored = |name: &str| {
        name.ends_with(".rotary_emb.inv_freq") || (shape.tied() && name == format!("{prefix}lm_head.weight"))
    };
    if let Some(extra) = checkpoint.tensors.keys().find(|name| !used.contains(*name) && !ignored(name)) {
        return refuse(format!(
            "the checkpoint has a tensor {extra:?} that {} as known here does not use; this variant is not supported",
            shape.arch()
        ));
    }
    if let Some(divisors) = &design.frequency_divisors {
        items.push(Item {
            spec: TensorSpec {
                name: "rope_freqs.weight".to_owned(),
                dims: vec![divisors.len() as u64],
                ggml_type: GgmlType::F32,
                role: Role::Norm,
            },
            content: Content::Values(divisors.clone()),
        });
    }
    Ok(items)
}

/// What to know of a checkpoint whose output is its embedding by `config.json`, and which
/// stores another output all the same. llama.cpp's converter would take it, transformers up to
/// 4 would not.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn stale_head(design: &Design, checkpoint: &Checkpoint) -> Result<Option<String>> {
    let arch = design.shape.arch();
    let prefix = prefix(arch, checkpoint)?;
    let named = |name: &str| checkpoint.tensors.get(&format!("{prefix}{name}"));
    let embedding = source_of(arch, "token_embd.weight", 1).and_then(|(name, _)| named(&name));
    let (true, Some(head), Some(embedding)) = (design.shape.tied(), named("lm_head.weight"), embedding)
    else {
        return Ok(None);
    };
    if same_values(checkpoint, head, embedding)? {
        return Ok(None);
    }
    Ok(Some(
        "the checkpoint stores an output (lm_head.weight) that is not its embedding, though config.json makes one of \
         both: the embedding is taken; set tie_word_embeddings to false there to import what is stored"
            .to_owned(),
    ))
}

/// Whether two tensors hold the same numbers.
fn same_values(checkpoint: &Checkpoint, one: &Tensor, other: &Tensor) -> Result<bool> {
    if one.shape != other.shape {
        return Ok(false);
    }
    let total: u64 = one.shape.iter().product();
    let mut first = 0;
    while first < total {
        let count = usize::try_from(PIECE.min(total - first)).unwrap_or(0);
        if checkpoint.values(one, first, count)? != checkpoint.values(other, first, count)? {
            return Ok(false);
        }
        first += PIECE;
    }
    Ok(true)
}

/// What stands before all names of this checkpoint.
fn prefix(arch: Arch, checkpoint: &Checkpoint) -> Result<&'static str> {
    let embedding = source_of(arch, "token_embd.weight", 1).map(|(name, _)| name).unwrap_or_default();
    let has = |prefix: &&str| checkpoint.tensors.contains_key(&format!("{prefix}{embedding}"));
    let found = PREFIXES.into_iter().find(|prefix| has(prefix));
    found.ok_or_else(|| {
        refused(format!("the checkpoint has no tensor {embedding:?}; its names are not those of {arch}"))
    })
}

/// A bias beside each of the four matrices of attention.
fn attention_biases(specs: &[TensorSpec]) -> Vec<TensorSpec> {
    let matrices = [".attn_q.weight", ".attn_k.weight", ".attn_v.weight", ".attn_output.weight"];
    let biased = specs.iter().filter(|spec| matrices.iter().any(|end| spec.name.ends_with(end)));
    let bias = |spec: &TensorSpec| TensorSpec {
        name: spec.name.replace(".weight", ".bias"),
        dims: vec![spec.dims[1]],
        ggml_type: GgmlType::F32,
        role: Role::Bias,
    };
    biased.map(bias).collect()
}

/// The architecture's part of the metadata.
pub(crate) fn write_metadata(out: &mut HeaderWriter, design: &Design) {
    write_sizes(out, &design.shape, design.epsilon);
    for (key, fact) in &design.facts {
        let key = format!("{}.{key}", design.shape.arch());
        match fact {
            Fact::F32(value) => out.f32(&key, *value),
            Fact::Str(value) => out.str(&key, value),
        }
    }
}

/// Converts a tensor piece by piece and hands on the bytes.
pub(crate) fn convert(
    item: &Item,
    checkpoint: &Checkpoint,
    emit: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let spec = &item.spec;
    let mut bytes = Vec::new();
    let mut put = |values: &[f32]| -> Result<()> {
        bytes.clear();
        encode(values, spec.ggml_type, &mut bytes)
            .map_err(|error| advised(format!("tensor {:?} {error}; choose another --type", spec.name)))?;
        emit(&bytes)
    };
    let (tensor, change) = match &item.content {
        Content::Values(values) => return put(values),
        Content::Stored { tensor, change } => (tensor, *change),
    };
    // Whole rows (biases: a row has one element), and whole heads where they are interleaved.
    let is_matrix = spec.dims.len() > 1;
    let row = if is_matrix { spec.dims[0] } else { 1 };
    let group = match change {
        Change::Interleave { head_dim } => row * u64::from(head_dim),
        Change::None | Change::AddOne => row,
    };
    let piece = (PIECE / group).max(1) * group;
    let total = spec.elements();
    let mut first = 0;
    while first < total {
        let count = piece.min(total - first);
        let mut values = checkpoint.values(tensor, first, usize::try_from(count).unwrap_or(0))?;
        match change {
            Change::None => {}
            Change::AddOne => values.iter_mut().for_each(|value| *value += 1.0),
            Change::Interleave { head_dim } => {
                values = interleave(&values, usize::try_from(row).unwrap_or(1), head_dim as usize);
            }
        }
        put(&values)?;
        first += count;
    }
    Ok(())
}

/// Row `r` of the first half of each head goes to `2 r`, of the second half to `2 r + 1`.
fn interleave(values: &[f32], row: usize, head_dim: usize) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    let half = head_dim / 2;
    for (head, to) in values.chunks(head_dim * row).zip(out.chunks_mut(head_dim * row)) {
        for (index, source) in head.chunks(row).enumerate() {
            let place = (index % half) * 2 + index / half;
            to[place * row..][..row].copy_from_slice(source);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_heads_become_neighbours() {
        let values: Vec<f32> = (0..16_u8).map(f32::from).collect();
        let expected = [0., 1., 4., 5., 2., 3., 6., 7., 8., 9., 12., 13., 10., 11., 14., 15.];
        assert_eq!(interleave(&values, 2, 4), expected);
        assert_eq!(interleave(&values[..4], 1, 4), [0., 2., 1., 3.]);
    }
}
