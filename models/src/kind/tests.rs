use std::fs;

use super::*;
use crate::{HeaderWriter, gguf::testing, read_header};

/// The kind of a file with these metadata and tensors.
fn kind(write: &dyn Fn(&mut HeaderWriter), tensors: &[&str]) -> ModelKind {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), testing::file(write, tensors)).unwrap();
    ModelKind::of(&read_header(file.path()).unwrap())
}

/// A model of an architecture with a tokenizer and a tensor.
fn model(arch: &str, more: &dyn Fn(&mut HeaderWriter)) -> ModelKind {
    let write = |out: &mut HeaderWriter| {
        out.str("general.architecture", arch);
        out.str("tokenizer.ggml.model", "gpt2");
        more(out);
    };
    kind(&write, &["token_embd.weight"])
}

#[test]
fn architectures_are_told_apart() {
    for arch in ["llama", "qwen3", "gemma3", "mamba", "rwkv7", "mpt", "gpt-oss", "one-of-next-year"] {
        assert_eq!(model(arch, &|_| {}), ModelKind::TextGenerator, "{arch}");
    }
    for (expected, names) in OTHERS {
        for arch in names {
            assert_eq!(model(arch, &|_| {}), expected, "{arch}");
        }
    }
    // What an embedder made of a generator has: its pooling, or a look ahead.
    assert_eq!(model("qwen3", &|out| out.u32("qwen3.pooling_type", 3)), ModelKind::Embedder);
    assert_eq!(model("qwen3", &|out| out.u32("qwen3.pooling_type", 0)), ModelKind::TextGenerator);
    assert_eq!(model("llama", &|out| out.bool("llama.attention.causal", false)), ModelKind::Embedder);
    assert_eq!(model("llama", &|out| out.bool("llama.attention.causal", true)), ModelKind::TextGenerator);
}

#[test]
fn the_type_counts_more_than_the_architecture() {
    for (name, expected) in [
        ("model", ModelKind::TextGenerator),
        ("adapter", ModelKind::Adapter),
        ("mmproj", ModelKind::Projector),
        ("imatrix", ModelKind::ImportanceMatrix),
    ] {
        assert_eq!(model("llama", &|out| out.str("general.type", name)), expected, "{name}");
    }
}

#[test]
fn files_without_a_type_are_told_by_what_they_hold() {
    assert_eq!(model("llama", &|out| out.str("adapter.type", "lora")), ModelKind::Adapter);
    let lora = |out: &mut HeaderWriter| out.str("general.architecture", "llama");
    assert_eq!(
        kind(&lora, &["blk.0.attn_q.weight.lora_a", "blk.0.attn_q.weight.lora_b"]),
        ModelKind::Adapter
    );
    let imatrix = |out: &mut HeaderWriter| out.u32("imatrix.chunk_count", 9);
    assert_eq!(kind(&imatrix, &["blk.0.attn_q.weight.in_sum2"]), ModelKind::ImportanceMatrix);
    let clip = |out: &mut HeaderWriter| out.bool("clip.has_vision_encoder", true);
    assert_eq!(kind(&clip, &["v.patch_embd.weight"]), ModelKind::Projector);
    let control = |out: &mut HeaderWriter| out.str("general.architecture", "controlvector");
    assert_eq!(kind(&control, &["direction.1"]), ModelKind::ControlVector);
    assert_eq!(kind(&|_| {}, &["weights"]), ModelKind::Unnamed);
    let tokens = |out: &mut HeaderWriter| {
        out.str("general.architecture", "llama");
        out.str("tokenizer.ggml.model", "llama");
    };
    assert_eq!(kind(&tokens, &[]), ModelKind::Vocabulary);
    for bare in ["no_vocab", "none"] {
        let bare = |out: &mut HeaderWriter| {
            out.str("general.architecture", "llama");
            out.str("tokenizer.ggml.model", bare);
        };
        assert_eq!(kind(&bare, &["token_embd.weight"]), ModelKind::NoTokenizer);
    }
}

#[test]
fn all_but_generators_are_refused_in_words() {
    assert_eq!(ModelKind::TextGenerator.refusal(), None);
    for (kind, _) in OTHERS {
        let (what, remedy) = kind.refusal().unwrap();
        assert!(!what.is_empty() && remedy.starts_with("give "), "{kind:?}");
    }
}
