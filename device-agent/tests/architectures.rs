//! Every architecture that models can be made of is loaded and run by llama.cpp.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod made_models;

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::model::LlamaModel;
use made_models::{load, logits, most_likely};
use slm_models::{Arch, Catalogue, MakeOptions, Shape, WeightTypes, make};

const TEXTS: [&str; 12] = [
    "Hello world",
    "The quick brown fox jumps over the lazy dog.",
    "  leading, trailing and   inner spaces   ",
    "line one\nline two\r\n\r\n\tindented\n\n\n",
    "I'll say we've they're don't it's CAN'T",
    "fn main() { println!(\"{:>8.3}\", 3.14159_f64); } // 0xFF",
    "naïve café Übergröße – “quotes” … €",
    "Москва 東京特許許可局 مرحبا بالعالم नमस्ते",
    "emoji 🦀🔥👩‍👩‍👧‍👦 and \u{200b}zero width",
    "1234567890 3.14e-10 1,000,000",
    "<|endoftext|> is text here",
    "",
];

/// A small shape of each architecture, with what is particular to it.
const TINY: [&str; 20] = [
    "arch=mpt,layers=2,d_model=64,heads=2",
    "arch=mpt,layers=2,d_model=64,heads=2,bias=no,tied=no",
    "arch=mpt,layers=2,d_model=128,heads=4,kv_heads=2",
    "arch=llama,layers=2,d_model=64,heads=4,kv_heads=2,d_ff=96",
    "arch=llama,layers=2,d_model=64,heads=2,head_dim=64,tied=no",
    "arch=qwen2,layers=2,d_model=64,heads=4,kv_heads=2",
    "arch=qwen3,layers=2,d_model=64,heads=2,kv_heads=1",
    "arch=gemma,layers=2,d_model=64,heads=2,kv_heads=1",
    "arch=gemma2,layers=2,d_model=64,heads=2,kv_heads=1,head_dim=64,window=16",
    "arch=gemma3,layers=7,d_model=64,heads=2,kv_heads=1,head_dim=64,window=16",
    "arch=phi2,layers=2,d_model=64,heads=2",
    "arch=phi3,layers=2,d_model=128,heads=4,kv_heads=2,rotary_dims=24",
    "arch=gptneox,layers=2,d_model=128,heads=2",
    "arch=bloom,layers=2,d_model=64,heads=2",
    "arch=stablelm,layers=2,d_model=128,heads=2",
    "arch=openelm,layers=2,d_model=128,heads=2|4,kv_heads=1|2,head_dim=32,d_ff=64|96",
    "arch=minicpm,layers=2,d_model=64,heads=2,kv_heads=1",
    "arch=olmo,layers=2,d_model=64,heads=2",
    "arch=smollm3,layers=5,d_model=64,heads=4,kv_heads=2",
    "arch=gpt2,layers=2,d_model=64,heads=2",
];

/// Ids of a text, special tokens taken as plain text.
fn ids(model: &LlamaModel, text: &str) -> Vec<u32> {
    let tokens = model.vocab().tokenize(text.as_bytes(), false, false);
    tokens.iter().map(|token| u32::try_from(token.0).unwrap()).collect()
}

/// Makes a model, has llama.cpp load it, and checks that it is what was asked for
/// and works: parameters, vocabulary, tokenizer, one prefill and one decode.
fn check(shape: &Shape, types: WeightTypes, folder: &Path) {
    let path = folder.join("model.gguf");
    let made = make(shape, &MakeOptions { types, seed: 7 }, &path, &mut |_, _| {}).unwrap();
    let model = load(&path);
    assert_eq!(model.n_params(), shape.params(), "{shape}");
    assert_eq!(made.params, shape.params());
    assert_eq!(u32::try_from(model.n_vocab()).unwrap(), shape.vocab());
    assert_eq!(model.n_layer(), shape.layers());
    assert_eq!(model.n_ctx_train(), shape.context());

    let bpe = tiktoken_rs::r50k_base_singleton();
    if shape.vocab() >= 50_257 {
        for text in TEXTS {
            assert_eq!(ids(&model, text), bpe.encode_ordinary(text), "{shape}: {text:?}");
        }
    }
    // Longer than the windows of the small shapes.
    let prompt = ids(&model, &TEXTS[..3].concat());
    assert!(prompt.len() > 16);
    let run = |following: &[u32]| logits(&model, LlamaContextParams::default(), &prompt, following);
    let first = run(&[]).remove(0);
    let next = run(&[most_likely(&first)]).remove(1);
    for logits in [&first, &next] {
        assert_eq!(logits.len(), usize::try_from(shape.vocab()).unwrap());
        assert!(logits.iter().all(|logit| logit.is_finite()), "{shape}: not finite");
        let (least, most) = logits.iter().fold((f32::MAX, f32::MIN), |(a, b), l| (a.min(*l), b.max(*l)));
        assert!(most > least && most.abs() < 1e4, "{shape}: logits from {least} to {most}");
    }
    assert_ne!(first, next, "{shape}: the second token changed nothing");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn every_architecture_loads_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    for text in TINY {
        // A vocabulary that holds all of GPT-2's tokens and some padding.
        let shape = Shape::parse_free(&format!("{text},vocab=50304,context=256")).unwrap();
        check(&shape, WeightTypes::default(), folder.path());
    }
    for arch in Arch::ALL.into_iter().filter(|arch| arch.unsupported().is_none()) {
        assert!(TINY.iter().any(|text| text.starts_with(&format!("arch={arch},"))), "{arch} is not tried");
    }
}

#[test]
fn every_storage_type_loads_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    for types in ["q8_0", "f16", "f32", "q4_0+embd-q8_0", "q4_0+embd-f16+out-q8_0", "q8_0+embd-q4_0+out-f32"]
    {
        for arch in ["mpt", "llama"] {
            let text = format!("arch={arch},layers=2,d_model=64,heads=2,vocab=50304,context=256,tied=no");
            check(&Shape::parse_free(&text).unwrap(), types.parse().unwrap(), folder.path());
        }
    }
}

#[test]
fn small_vocabularies_load_and_run() {
    let folder = tempfile::tempdir().unwrap();
    for vocab in [257, 1000, 50_256, 50_257, 50_258] {
        let text = format!("arch=llama,layers=1,d_model=64,heads=2,vocab={vocab},context=256");
        check(&Shape::parse_free(&text).unwrap(), WeightTypes::default(), folder.path());
    }
}

/// Full sizes; gigabytes are written and deleted, one at a time.
#[test]
#[ignore = "minutes and gigabytes; SLM_SMALLEST_MODEL and SLM_LARGEST_MODEL set the parameter counts (0 to 600 million)"]
fn catalogue_models_load_and_run() {
    let bound = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let sizes = bound("SLM_SMALLEST_MODEL", 0)..=bound("SLM_LARGEST_MODEL", 600_000_000);
    let folder = tempfile::tempdir().unwrap();
    let mut tried = 0;
    for entry in Catalogue::builtin().entries() {
        if entry.unsupported.is_some() || !sizes.contains(&entry.shape.params()) {
            continue;
        }
        let start = Instant::now();
        check(&entry.shape, WeightTypes::default(), folder.path());
        let seconds = start.elapsed().as_secs_f64();
        writeln!(std::io::stderr(), "{} made, loaded, run in {seconds:.1} s", entry.name).unwrap();
        tried += 1;
    }
    assert!(tried > 0);
}
