//! Files that people give for a model, and what is right to be said of each: headers with what
//! llama.cpp's converters write for the kinds that are no text generators, and what is no GGUF file.

use slm_models::{GgmlType, HeaderWriter, Role, TensorSpec};

/// A file that is refused.
pub struct Input {
    /// Its name.
    pub name: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
    /// What is said of it.
    pub what: &'static str,
    /// What is said to do.
    pub remedy: &'static str,
}

/// A GGUF file with these metadata, and a tensor of 32 numbers for each name.
pub fn gguf(write: &dyn Fn(&mut HeaderWriter), tensors: &[&str]) -> Vec<u8> {
    let mut out = HeaderWriter::default();
    write(&mut out);
    let spec = |name: &&str| TensorSpec {
        name: (*name).to_owned(),
        dims: vec![32],
        ggml_type: GgmlType::F32,
        role: Role::Norm,
    };
    let specs: Vec<TensorSpec> = tensors.iter().map(spec).collect();
    let mut bytes = out.finish(&specs);
    bytes.resize(bytes.len() + 128 * specs.len(), 0);
    bytes
}

/// A model of an architecture as its converter writes it, in one block.
fn model(arch: &'static str, more: &'static dyn Fn(&mut HeaderWriter)) -> Vec<u8> {
    let write = move |out: &mut HeaderWriter| {
        out.str("general.architecture", arch);
        out.str("general.type", "model");
        for (key, value) in [
            ("context_length", 512),
            ("embedding_length", 32),
            ("block_count", 1),
            ("feed_forward_length", 64),
            ("attention.head_count", 1),
        ] {
            out.u32(&format!("{arch}.{key}"), value);
        }
        out.str("tokenizer.ggml.model", "gpt2");
        more(out);
    };
    gguf(&write, &["token_embd.weight", "blk.0.attn_q.weight"])
}

const MODEL_FILE: &str = "give the GGUF file of the model itself";

/// GGUF files that hold no text generator.
pub fn other_kinds() -> Vec<Input> {
    [other_models(), no_models()].into_iter().flatten().collect()
}

fn input(name: &'static str, bytes: Vec<u8>, what: &'static str, remedy: &'static str) -> Input {
    Input { name, bytes, what, remedy }
}

/// Models that write no text token by token.
fn other_models() -> Vec<Input> {
    const GENERATOR: &str = "give a model that generates text token by token";
    vec![
        input(
            "t5.gguf",
            model("t5", &|out| out.u32("t5.decoder_start_token_id", 0)),
            "an encoder-decoder",
            GENERATOR,
        ),
        input("t5encoder.gguf", model("t5encoder", &|_| {}), "an embedder", GENERATOR),
        input(
            "bge.gguf",
            model("bert", &|out| {
                out.bool("bert.attention.causal", false);
                out.u32("bert.pooling_type", 2);
            }),
            "an embedder",
            GENERATOR,
        ),
        input(
            "nomic.gguf",
            model("nomic-bert", &|out| out.u32("nomic-bert.pooling_type", 1)),
            "an embedder",
            GENERATOR,
        ),
        input("gemma-e.gguf", model("gemma-embedding", &|_| {}), "an embedder", GENERATOR),
        input(
            "qwen3-embedding.gguf",
            model("qwen3", &|out| out.u32("qwen3.pooling_type", 3)),
            "an embedder",
            GENERATOR,
        ),
        input(
            "qwen3-reranker.gguf",
            model("qwen3", &|out| out.u32("qwen3.pooling_type", 4)),
            "a ranker",
            GENERATOR,
        ),
        input("llada.gguf", model("llada", &|_| {}), "a diffusion model", GENERATOR),
        input("eagle.gguf", model("eagle3", &|_| {}), "a draft model", MODEL_FILE),
        input("vocoder.gguf", model("wavtokenizer-dec", &|_| {}), "a model for speech", GENERATOR),
    ]
}

/// What goes beside a model, or is a part of one.
#[expect(clippy::too_many_lines, reason = "one entry after another")]
fn no_models() -> Vec<Input> {
    let typed = |general_type: &'static str, more: &'static dyn Fn(&mut HeaderWriter), tensors: &[&str]| {
        let write = move |out: &mut HeaderWriter| {
            out.str("general.type", general_type);
            more(out);
        };
        gguf(&write, tensors)
    };
    vec![
        input(
            "mmproj.gguf",
            typed(
                "mmproj",
                &|out| {
                    out.str("general.architecture", "clip");
                    out.bool("clip.has_vision_encoder", true);
                    out.str("clip.projector_type", "gemma3");
                },
                &["v.patch_embd.weight"],
            ),
            "a projector",
            MODEL_FILE,
        ),
        input(
            "old-mmproj.gguf",
            gguf(
                &|out| {
                    out.str("general.architecture", "clip");
                    out.bool("clip.has_vision_encoder", true);
                },
                &["v.patch_embd.weight"],
            ),
            "a projector",
            MODEL_FILE,
        ),
        input(
            "lora.gguf",
            typed(
                "adapter",
                &|out| {
                    out.str("general.architecture", "llama");
                    out.str("adapter.type", "lora");
                    out.f32("adapter.lora.alpha", 16.0);
                },
                &["blk.0.attn_q.weight.lora_a", "blk.0.attn_q.weight.lora_b"],
            ),
            "an adapter (LoRA)",
            "llama-export-lora",
        ),
        input(
            "untyped-lora.gguf",
            gguf(
                &|out| out.str("general.architecture", "llama"),
                &["blk.0.attn_q.weight.lora_a", "blk.0.attn_q.weight.lora_b"],
            ),
            "an adapter (LoRA)",
            "llama-export-lora",
        ),
        input(
            "imatrix.gguf",
            typed(
                "imatrix",
                &|out| {
                    out.u32("imatrix.chunk_count", 100);
                    out.u32("imatrix.chunk_size", 512);
                },
                &["blk.0.attn_q.weight.in_sum2", "blk.0.attn_q.weight.counts"],
            ),
            "an importance matrix",
            MODEL_FILE,
        ),
        input(
            "control.gguf",
            gguf(
                &|out| {
                    out.str("general.architecture", "controlvector");
                    out.str("controlvector.model_hint", "llama");
                },
                &["direction.1"],
            ),
            "a control vector",
            MODEL_FILE,
        ),
        input(
            "ggml-vocab.gguf",
            gguf(
                &|out| {
                    out.str("general.architecture", "llama");
                    out.str("tokenizer.ggml.model", "llama");
                },
                &[],
            ),
            "a tokenizer only",
            MODEL_FILE,
        ),
        input(
            "no-tokenizer.gguf",
            gguf(&|out| out.str("general.architecture", "llama"), &["token_embd.weight"]),
            "no tokenizer",
            "convert the model anew",
        ),
        input("weights.gguf", gguf(&|_| {}, &["weights"]), "names no architecture", MODEL_FILE),
    ]
}

/// What is no GGUF file.
pub fn foreign() -> Vec<Input> {
    const DOWNLOAD: &str = "download the file itself";
    const IMPORT: &str = "bench models import";
    const OLD: &str = "llama.cpp has not read such files since August 2023";
    const ENGINE: &str = "give a GGUF file of the model";
    let input = |name, bytes: &[u8], what, remedy| input(name, bytes.to_vec(), what, remedy);
    let safetensors = [&2_u64.to_le_bytes()[..], b"{}"].concat();
    let imatrix =
        [&9_u32.to_le_bytes()[..], &19_u32.to_le_bytes(), b"blk.0.attn_k.weight", &[7; 40]].concat();
    let tar = [&b"m.gguf"[..], &[0; 251], b"ustar\x0000"].concat();
    vec![
        input("empty.gguf", b"", "is empty", "download or copy it anew"),
        input("zeros.gguf", &[0; 4096], "begins with zeros", "download or copy it anew"),
        input(
            "lfs.gguf",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1073741824\n",
            "is a Git LFS pointer",
            "git lfs pull",
        ),
        input("xet.gguf", b"# xet version 0\nfilesize = 9\nhash = '00'\n", "is a Xet pointer", DOWNLOAD),
        input("page.gguf", b"<!DOCTYPE html>\n<html class=\"\"><head>", "is a web page", DOWNLOAD),
        input(
            "denied.gguf",
            b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>",
            "is a web page",
            DOWNLOAD,
        ),
        input(
            "absent.gguf",
            b"Entry not found",
            "is text, not a model (it begins \"Entry not found\")",
            DOWNLOAD,
        ),
        input("error.gguf", b"{\"error\":\"Repository not found\"}", "is text, not a model", DOWNLOAD),
        input("ggml.gguf", b"lmgg\x00\x7d\x00\x00\x00\x10\x00\x00", "in GGML, a format before GGUF", OLD),
        input("ggjt.gguf", b"tjgg\x03\x00\x00\x00\x00\x7d\x00\x00", "in GGJT, a format before GGUF", OLD),
        input("ggla.gguf", b"algg\x01\x00\x00\x00\x08\x00\x00\x00", "an adapter", OLD),
        input(
            "first.gguf",
            &[&b"GGUF\x01\x00\x00\x00"[..], &[0; 24]].concat(),
            "GGUF version 1",
            "version 2 or 3",
        ),
        input("big.gguf", &[&b"GGUF\x00\x00\x00\x03"[..], &[0; 24]].concat(), "big-endian", "little-endian"),
        input("cut.gguf", b"GGUF\x03\x00\x00\x00", "only 8 bytes", "version 2 or 3"),
        input("session.gguf", b"nsgg\x09\x00\x00\x00\x00\x00\x00\x00", "a saved state", "it belongs to"),
        input("imatrix.dat.gguf", &imatrix, "an importance matrix", "it belongs to"),
        input("model.safetensors.gguf", &safetensors, "a safetensors file", IMPORT),
        input("model.bin.gguf", b"PK\x03\x04\x00\x00\x08\x08\x00\x00archive/data.pkl", "of PyTorch", IMPORT),
        input("model.pt.gguf", b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", "of PyTorch", IMPORT),
        input(
            "m.gguf.gz.gguf",
            b"\x1f\x8b\x08\x08\x00\x00\x00\x00",
            "compressed or packed (gzip)",
            "unpack it",
        ),
        input("m.tar.gguf", &tar, "compressed or packed (tar)", "unpack it"),
        input("m.onnx.gguf", b"\x08\x08\x12\x07pytorch\x1a\x05", "another engine (ONNX)", ENGINE),
        input("m.tflite.gguf", b"\x1c\x00\x00\x00TFL3\x14\x00", "another engine (TensorFlow Lite)", ENGINE),
        input("m.litertlm.gguf", b"LITERTLM\x01\x00\x00\x00", "another engine (LiteRT-LM)", ENGINE),
        input("m.pte.gguf", b"\x30\x00\x00\x00ET12\x04\x00", "another engine (ExecuTorch)", ENGINE),
        input("m.llamafile.gguf", b"MZqFpD='\n\x00\x00", "a program", ENGINE),
    ]
}
