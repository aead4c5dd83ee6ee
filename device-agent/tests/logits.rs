//! llama.cpp's logits against those of an independent forward pass.
//!
//! `reference/make_reference.py` reads the same files with its own reader,
//! dequantizes them itself and computes in float64; its results are in
//! `reference/logits.json`. Agreement shows that names, layouts, metadata and
//! quantized blocks of made files mean to the engine what they should.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod made_models;

use llama_cpp_2::context::params::{KvCacheType, LlamaContextParams};
use llama_cpp_sys_2::LLAMA_FLASH_ATTN_TYPE_DISABLED;
use made_models::{load, logits, most_likely};
use serde::Deserialize;
use slm_models::{Arch, FileType, MakeOptions, Shape, WeightTypes, make};

#[derive(Deserialize)]
struct Case {
    shape: Shape,
    types: WeightTypes,
    seed: u64,
    prompt: Vec<u32>,
    following: Vec<u32>,
    sha256: String,
    /// After the prompt, and after each following token.
    logits: Vec<Vec<f64>>,
}

/// Largest difference allowed, relative to the spread (RMS) of the logits. Keys,
/// values and attention are in f32 here, so what is left is what ggml rounds itself.
/// A wrong layout or a missing tensor gives differences near 1.
fn tolerance(case: &Case) -> f64 {
    match (case.types.matrices(), case.shape.arch()) {
        // Nothing is rounded below f32.
        (FileType::F32, Arch::Llama) => 1e-5,
        // GELU is looked up in a table of f16 numbers, and matrices of f16 take their
        // inputs in f16: 2^-11 = 5e-4 at each place.
        (FileType::F32 | FileType::F16, _) => 2e-3,
        // Inputs are rounded to 8 bits in groups of 32: up to 1/254 of the largest of a
        // group at each of a layer's matrices.
        _ => 6e-2,
    }
}

#[test]
fn logits_agree_with_an_independent_forward_pass() {
    let cases: Vec<serde_json::Value> = serde_json::from_str(include_str!("reference/logits.json")).unwrap();
    assert!(!cases.is_empty());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    for case in cases {
        let case = read(case);
        let made =
            make(&case.shape, &MakeOptions { types: case.types, seed: case.seed }, &path, &mut |_, _| {})
                .unwrap();
        assert_eq!(made.sha256, case.sha256, "the writer changed: run make_reference.py anew");
        let parameters = LlamaContextParams::default()
            .with_type_k(KvCacheType::F32)
            .with_type_v(KvCacheType::F32)
            .with_flash_attention_policy(LLAMA_FLASH_ATTN_TYPE_DISABLED);
        let found = logits(&load(&path), parameters, &case.prompt, &case.following);
        assert_eq!(found.len(), case.logits.len());
        for (found, expected) in found.iter().zip(&case.logits) {
            let context = format!("{} {}", case.shape, case.types);
            assert_eq!(found.len(), expected.len());
            let spread =
                (expected.iter().map(|logit| logit * logit).sum::<f64>() / expected.len() as f64).sqrt();
            let differences =
                found.iter().zip(expected).map(|(found, expected)| (f64::from(*found) - expected).abs());
            let worst = differences.fold(0.0, f64::max) / spread;
            assert!(worst < tolerance(&case), "{context}: differs by {worst:.2e} of the spread");
            // The same token is the most likely, unless two are as good as equal.
            let chosen = usize::try_from(most_likely(found)).unwrap();
            let best = expected.iter().copied().fold(f64::MIN, f64::max);
            let margin = (best - expected[chosen]) / spread;
            assert!(
                margin < tolerance(&case),
                "{context}: another token is the most likely, by {margin:.2e}"
            );
        }
    }
}

/// The shape is stored in its text form.
fn read(mut case: serde_json::Value) -> Case {
    let shape: Shape = case["shape"].as_str().unwrap().parse().unwrap();
    case["shape"] = serde_json::to_value(shape).unwrap();
    serde_json::from_value(case).unwrap()
}
