//! From a draft to a shape: defaults filled in, every rule checked.

use super::draft::{PerLayer, ShapeDraft};
use super::error::ShapeError;
use super::validated::Shape;
use crate::Arch;
use crate::arch::{Biases, Extra, Facts, FfnDefault, Positions, Tying};

/// Rows of quantized matrices are whole groups of 32 elements.
const GROUP: u32 = 32;
/// llama.cpp's own limit (`LLAMA_MAX_LAYERS`).
const MAX_LAYERS: u32 = 512;
/// With these bounds the largest model has below 2^49 elements, so every sum of
/// elements and bytes stays far below 2^64, and every width below 2^32.
const MAX_WIDTH: u32 = 1 << 16;
const MAX_D_FF: u32 = 1 << 18;
const MAX_HEADS: u32 = 1 << 12;
const MAX_HEAD_DIM: u32 = 1 << 10;
const MAX_VOCAB: u32 = 1 << 22;
const MAX_CONTEXT: u32 = 1 << 24;
/// 256 byte tokens and an end-of-text token: the least a byte-level vocabulary needs.
const MIN_VOCAB: u32 = 257;

fn at_most(field: &str, value: u32, most: u32) -> Result<u32, ShapeError> {
    match value {
        0 => Err(ShapeError::new(field, "must be at least 1")),
        _ if value > most => {
            Err(ShapeError::new(field, format!("{value} is more than the most allowed, {most}")))
        }
        _ => Ok(value),
    }
}

fn whole_groups(field: &str, value: u32) -> Result<(), ShapeError> {
    if value.is_multiple_of(GROUP) {
        return Ok(());
    }
    let below = value - value % GROUP;
    let nearest = if below == 0 { GROUP.to_string() } else { format!("{below} or {}", below + GROUP) };
    Err(ShapeError::new(
        field,
        format!("{value} is not a multiple of {GROUP}, the group size of the weights; use {nearest}"),
    ))
}

fn needed(field: &str, value: Option<u32>) -> Result<u32, ShapeError> {
    value.ok_or_else(|| ShapeError::new(field, format!("is missing; add {field}=…")))
}

fn per_layer(field: &str, sizes: &PerLayer, layers: u32, facts: &Facts, most: u32) -> Result<(), ShapeError> {
    let count = sizes.values().len();
    if count == 0 {
        return Err(ShapeError::new(field, "the list is empty"));
    }
    if count != 1 {
        if !facts.has(Extra::PerLayer) {
            return Err(ShapeError::new(
                field,
                "this architecture has one value for all layers; give one number",
            ));
        }
        if u32::try_from(count) != Ok(layers) {
            return Err(ShapeError::new(
                field,
                format!("{count} values for {layers} layers; give one per layer"),
            ));
        }
    }
    sizes.values().iter().try_for_each(|value| at_most(field, *value, most).map(|_| ()))
}

/// `heads` of 64 elements where that divides, as most small models have it.
fn default_heads(d_model: u32, head_dim: Option<u32>) -> Result<PerLayer, ShapeError> {
    let width = head_dim.unwrap_or(64);
    if width > 0 && d_model.is_multiple_of(width) {
        return Ok(PerLayer::uniform(d_model / width));
    }
    Err(ShapeError::new(
        "heads",
        format!("is missing, and d_model {d_model} is not a multiple of {width}; add heads=…"),
    ))
}

fn head_dim(draft: &ShapeDraft, facts: &Facts, d_model: u32, heads: &PerLayer) -> Result<u32, ShapeError> {
    let given = draft.head_dim.or(facts.defaults.head_dim);
    let width = match (given, heads.as_uniform()) {
        (Some(width), _) => width,
        (None, Some(heads)) if d_model.is_multiple_of(heads) => d_model / heads,
        (None, Some(heads)) => {
            let problem =
                format!("d_model {d_model} is not a multiple of {heads}; change heads or add head_dim=…");
            return Err(ShapeError::new("heads", problem));
        }
        (None, None) => return Err(ShapeError::new("head_dim", "is needed when heads differ per layer")),
    };
    at_most("head_dim", width, MAX_HEAD_DIM)?;
    if !width.is_multiple_of(2) {
        return Err(ShapeError::new(
            "head_dim",
            format!("{width} is odd; rotation and kernels need an even number"),
        ));
    }
    for heads in heads.values() {
        whole_groups("head_dim", heads * width)
            .map_err(|error| ShapeError::new("head_dim", format!("heads * head_dim: {}", error.problem)))?;
        if !facts.has(Extra::FreeHeadDim) && heads * width != d_model {
            let problem = format!(
                "this architecture needs heads * head_dim = d_model, but {heads} * {width} is not {d_model}"
            );
            return Err(ShapeError::new("head_dim", problem));
        }
    }
    Ok(width)
}

fn check_kv(heads: &PerLayer, kv_heads: &PerLayer, layers: u32, facts: &Facts) -> Result<(), ShapeError> {
    for layer in 0..layers {
        let (heads, kv) = (heads.at(layer), kv_heads.at(layer));
        if !heads.is_multiple_of(kv) {
            let fitting: Vec<_> =
                (1..=heads).filter(|kv| heads.is_multiple_of(*kv)).map(|kv| kv.to_string()).collect();
            let problem =
                format!("{heads} heads cannot share {kv} KV heads; use one of {}", fitting.join(", "));
            return Err(ShapeError::new("kv_heads", problem));
        }
        if heads != kv && !facts.has(Extra::GroupedQuery) {
            return Err(ShapeError::new(
                "kv_heads",
                "this architecture has as many KV heads as heads; leave it out",
            ));
        }
    }
    Ok(())
}

fn choose(field: &str, given: Option<bool>, default: bool, fixed: Option<bool>) -> Result<bool, ShapeError> {
    let word = |yes: bool| if yes { "yes" } else { "no" };
    match (given, fixed) {
        (Some(given), Some(fixed)) if given != fixed => Err(ShapeError::new(
            field,
            format!(
                "this architecture has {field}={} only; leave it out or choose another arch",
                word(fixed)
            ),
        )),
        (_, Some(fixed)) => Ok(fixed),
        (given, None) => Ok(given.unwrap_or(default)),
    }
}

fn rotary_dims(draft: &ShapeDraft, facts: &Facts, head_dim: u32) -> Result<u32, ShapeError> {
    if facts.positions != Positions::Rope {
        return match draft.rotary_dims.or(draft.rope_theta) {
            None => Ok(0),
            Some(_) => Err(ShapeError::new(
                "rotary_dims",
                "this architecture does not rotate; leave it (and rope_theta) out",
            )),
        };
    }
    // Rotation works on pairs.
    let default = (head_dim / facts.defaults.rotary_divisor).max(2) & !1;
    let dims = draft.rotary_dims.unwrap_or(default);
    if dims == 0 || !dims.is_multiple_of(2) || dims > head_dim {
        return Err(ShapeError::new(
            "rotary_dims",
            format!("{dims} must be even and between 2 and head_dim, {head_dim}"),
        ));
    }
    if dims != head_dim && !facts.has(Extra::PartialRotary) {
        return Err(ShapeError::new(
            "rotary_dims",
            format!("this architecture rotates whole heads ({head_dim}); leave it out"),
        ));
    }
    Ok(dims)
}

impl TryFrom<ShapeDraft> for Shape {
    type Error = ShapeError;

    fn try_from(draft: ShapeDraft) -> Result<Self, ShapeError> {
        if draft.arch.is_empty() {
            return Err(ShapeError::new("arch", "is missing; add arch=mpt, arch=llama, …"));
        }
        let arch: Arch = draft.arch.parse().map_err(|problem: String| ShapeError::new("arch", problem))?;
        let facts = arch.facts();
        let defaults = facts.defaults;
        let layers = at_most("layers", needed("layers", draft.layers)?, MAX_LAYERS)?;
        let d_model = at_most("d_model", needed("d_model", draft.d_model)?, MAX_WIDTH)?;
        whole_groups("d_model", d_model)?;

        let heads = match &draft.heads {
            Some(heads) => heads.clone(),
            None => default_heads(d_model, draft.head_dim.or(defaults.head_dim))?,
        };
        per_layer("heads", &heads, layers, &facts, MAX_HEADS)?;
        let kv_heads = draft.kv_heads.clone().unwrap_or_else(|| heads.clone());
        per_layer("kv_heads", &kv_heads, layers, &facts, MAX_HEADS)?;
        check_kv(&heads, &kv_heads, layers, &facts)?;
        let head_dim = head_dim(&draft, &facts, d_model, &heads)?;

        let d_ff = draft.d_ff.clone().unwrap_or_else(|| {
            PerLayer::uniform(match defaults.d_ff {
                FfnDefault::Times(factor) => factor * d_model,
                FfnDefault::EightThirds => (8 * d_model).div_ceil(3).next_multiple_of(GROUP),
            })
        });
        per_layer("d_ff", &d_ff, layers, &facts, MAX_D_FF)?;
        d_ff.values().iter().try_for_each(|width| whole_groups("d_ff", *width))?;

        let vocab = at_most("vocab", draft.vocab.unwrap_or(defaults.vocab), MAX_VOCAB)?;
        if vocab < MIN_VOCAB {
            return Err(ShapeError::new(
                "vocab",
                format!("{vocab} is below {MIN_VOCAB} (all bytes and end-of-text)"),
            ));
        }
        let context = at_most("context", draft.context.unwrap_or(defaults.context), MAX_CONTEXT)?;

        let tied = match facts.tying {
            Tying::Either => None,
            Tying::Always => Some(true),
            Tying::Never => Some(false),
        };
        let bias = match facts.biases {
            Biases::QkvOptional | Biases::AllOptional => None,
            Biases::Never => Some(false),
            Biases::QkvAlways | Biases::AllAlways => Some(true),
        };
        let window = match (draft.window, defaults.window) {
            (Some(_), None) => {
                return Err(ShapeError::new(
                    "window",
                    "this architecture has no sliding window; leave it out",
                ));
            }
            (given, default) => given.or(default),
        };
        if let Some(window) = window {
            at_most("window", window, MAX_CONTEXT)?;
        }
        let embedding_width = draft.embedding_width.unwrap_or(d_model);
        if embedding_width != d_model {
            at_most("embedding_width", embedding_width, MAX_WIDTH)?;
            whole_groups("embedding_width", embedding_width)?;
            if arch != Arch::Opt {
                return Err(ShapeError::new(
                    "embedding_width",
                    "this architecture embeds at d_model; leave it out",
                ));
            }
        }
        Ok(Self {
            rotary_dims: rotary_dims(&draft, &facts, head_dim)?,
            // Without rotation the base means nothing; one value keeps equal shapes equal.
            rope_theta: at_most("rope_theta", draft.rope_theta.unwrap_or(defaults.rope_theta), u32::MAX)?,
            tied: choose("tied", draft.tied, defaults.tied, tied)?,
            bias: choose("bias", draft.bias, defaults.bias, bias)?,
            arch,
            layers,
            d_model,
            heads,
            kv_heads,
            head_dim,
            d_ff,
            vocab,
            context,
            window,
            embedding_width,
        })
    }
}
