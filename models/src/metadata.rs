//! The metadata of a made model: what llama.cpp needs to load it, the vocabulary,
//! and the marks that tell it from a trained model.

use crate::arch::{Arch, Norm, Positions};
use crate::gguf::{HeaderWriter, keys};
use crate::make_options::MakeOptions;
use crate::random::GENERATOR_VERSION;
use crate::shape::PerLayer;
use crate::tensors::ALIGNMENT;
use crate::vocab::Vocabulary;
use crate::{Shape, TensorSpec};

/// Base of the rotary frequencies in the windowed layers of `gemma3`.
const GEMMA3_WINDOW_THETA: f32 = 10_000.0;
/// Soft caps of `gemma2` on attention scores and on logits.
const GEMMA2_SOFTCAPS: (f32, f32) = (50.0, 30.0);
/// muP scales of `minicpm`: embedding, residual (over the root of the layers), logits (over the width).
const MINICPM_SCALES: (f32, f32, f32) = (12.0, 1.4, 256.0);

/// The header of a model file, padded to where tensor data begin.
pub(crate) fn header(shape: &Shape, options: &MakeOptions, tensors: &[TensorSpec]) -> Vec<u8> {
    let mut out = HeaderWriter::default();
    let arch = shape.arch().name();
    out.str("general.architecture", arch);
    out.str("general.type", "model");
    // Neutral on purpose: llama.cpp changes token attributes by substrings of it.
    out.str("general.name", "synthetic");
    out.u32("general.alignment", ALIGNMENT);
    out.u32("general.quantization_version", 2);
    out.u32("general.file_type", options.types.matrices().number());
    out.bool(keys::SYNTHETIC, true);
    out.u64(keys::SEED, options.seed);
    out.str(keys::SHAPE, &shape.to_string());
    out.str(keys::TYPES, &options.types.to_string());
    out.u32(keys::GENERATOR, GENERATOR_VERSION);
    write_sizes(&mut out, shape, shape.arch().facts().eps);
    particular(&mut out, shape, arch);
    vocabulary(&mut out, &Vocabulary::gpt2(shape.vocab()));
    out.finish(tensors)
}

fn per_layer(out: &mut HeaderWriter, key: &str, sizes: &PerLayer) {
    match sizes.as_uniform() {
        Some(size) => out.u32(key, size),
        None => out.u32s(key, sizes.values()),
    }
}

/// Writes the sizes of a model as llama.cpp's loaders ask for them. `epsilon` is that
/// of its norms.
pub fn write_sizes(out: &mut HeaderWriter, shape: &Shape, epsilon: f32) {
    let arch = shape.arch().name();
    let facts = shape.arch().facts();
    let key = |name: &str| format!("{arch}.{name}");
    out.u32(&key("vocab_size"), shape.vocab());
    out.u32(&key("context_length"), shape.context());
    out.u32(&key("embedding_length"), shape.d_model());
    out.u32(&key("block_count"), shape.layers());
    per_layer(out, &key("feed_forward_length"), shape.d_ff());
    per_layer(out, &key("attention.head_count"), shape.heads());
    per_layer(out, &key("attention.head_count_kv"), shape.kv_heads());
    // Without these llama.cpp takes embedding_length / head_count.
    out.u32(&key("attention.key_length"), shape.head_dim());
    out.u32(&key("attention.value_length"), shape.head_dim());
    let epsilon_key = match facts.norm {
        Norm::Rms => "attention.layer_norm_rms_epsilon",
        Norm::LayerBias | Norm::LayerBiasWithOthers | Norm::LayerNoBias | Norm::LayerBare => {
            "attention.layer_norm_epsilon"
        }
    };
    out.f32(&key(epsilon_key), epsilon);
    if facts.positions == Positions::Rope {
        out.u32(&key("rope.dimension_count"), shape.rotary_dims());
        out.f32(&key("rope.freq_base"), shape.rope_theta() as f32);
    }
    if let Some(window) = shape.window() {
        out.u32(&key("attention.sliding_window"), window);
    }
}

/// What single architectures need beyond sizes.
fn particular(out: &mut HeaderWriter, shape: &Shape, arch: &str) {
    let key = |name: &str| format!("{arch}.{name}");
    match shape.arch() {
        Arch::GptNeox => out.bool(&key("use_parallel_residual"), true),
        Arch::Gemma2 => {
            out.f32(&key("attn_logit_softcapping"), GEMMA2_SOFTCAPS.0);
            out.f32(&key("final_logit_softcapping"), GEMMA2_SOFTCAPS.1);
        }
        Arch::Gemma3 => out.f32(&key("rope.freq_base_swa"), GEMMA3_WINDOW_THETA),
        Arch::MiniCpm => {
            let (embedding, residual, logits) = MINICPM_SCALES;
            out.f32(&key("embedding_scale"), embedding);
            out.f32(&key("residual_scale"), residual / (shape.layers() as f32).sqrt());
            out.f32(&key("logit_scale"), logits / shape.d_model() as f32);
        }
        _ => {}
    }
}

fn vocabulary(out: &mut HeaderWriter, vocabulary: &Vocabulary) {
    out.str("tokenizer.ggml.model", "gpt2");
    out.str("tokenizer.ggml.pre", "gpt-2");
    out.strs("tokenizer.ggml.tokens", &vocabulary.tokens);
    out.i32s("tokenizer.ggml.token_type", &vocabulary.types);
    out.strs("tokenizer.ggml.merges", &vocabulary.merges);
    out.u32("tokenizer.ggml.bos_token_id", vocabulary.end_of_text);
    out.u32("tokenizer.ggml.eos_token_id", vocabulary.end_of_text);
    out.bool("tokenizer.ggml.add_bos_token", false);
}
