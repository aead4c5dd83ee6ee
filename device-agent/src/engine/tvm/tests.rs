//! A tiny library that `tools/mlc` compiled against its numpy model. `SLM_MLC_TEST`
//! names folders made with `--reference`, separated by colons; `SLM_MLC_RUNTIME` TVM's
//! libraries. `./test` sets both where Python is there; without them nothing runs.

use super::{metadata, model::TvmModel};
use crate::engine::{Decoding, Model, Sampled, Session, Setup, StepError};
use serde::Deserialize;
use slm_protocol::{CompiledModel, ComputeDevice, FlashAttention};
use std::{
    env,
    path::{Path, PathBuf},
    time::Instant,
};

/// What numpy computed.
#[derive(Deserialize)]
struct Reference {
    prompt: Vec<i32>,
    tokens: Vec<i32>,
    logits: Vec<Vec<f32>>,
}

fn runtime() -> Vec<String> {
    let folder = env::var("SLM_MLC_RUNTIME").expect("SLM_MLC_RUNTIME is set with SLM_MLC_TEST");
    ["libtvm_ffi.so", "libtvm_runtime.so"].map(|name| format!("{folder}/{name}")).into()
}

fn compiled(folder: &Path) -> CompiledModel {
    let library = folder.join("model.so").display().to_string();
    CompiledModel { runtime: runtime(), library, device: ComputeDevice::Cpu }
}

fn folders() -> Vec<PathBuf> {
    env::var_os("SLM_MLC_TEST").map(|list| env::split_paths(&list).collect()).unwrap_or_default()
}

fn setup(n_ctx: u32, n_ubatch: Option<u32>) -> Setup {
    Setup { threads: 2, flash_attention: FlashAttention::Auto, n_ctx, n_ubatch }
}

/// The largest difference, as a share of the largest logit.
fn difference(ours: &[f32], theirs: &[f32]) -> f32 {
    let largest = theirs.iter().fold(0f32, |most, value| most.max(value.abs()));
    let worst = ours.iter().zip(theirs).fold(0f32, |most, (a, b)| most.max((a - b).abs()));
    worst / largest
}

#[test]
fn logits_and_greedy_tokens_are_those_of_numpy() {
    for folder in folders() {
        let half = folder.to_string_lossy().contains("q4f16");
        let tolerance = if half { 5e-3 } else { 1e-5 };
        let reference: Reference = metadata::read_json(&folder.join("reference.json")).unwrap();
        let model = TvmModel::load(&folder, &compiled(&folder)).unwrap();
        // In chunks of the library's own size, and of another; the second time on a used cache.
        for n_ubatch in [None, Some(7)] {
            let mut session = model.session(&setup(256, n_ubatch)).unwrap();
            for _ in 0..2 {
                session.reset();
                session.prefill(&reference.prompt).unwrap();
                let mut worst = 0f32;
                for (index, (row, token)) in reference.logits.iter().zip(&reference.tokens).enumerate() {
                    let ours = session.logits().to_vec();
                    assert_eq!(ours.len(), row.len());
                    worst = worst.max(difference(&ours, row));
                    assert!(worst < tolerance, "{}: step {index} is off by {worst}", folder.display());
                    assert_eq!(session.sample().unwrap(), Sampled { token: *token, finite: true });
                    session.decode(*token).unwrap();
                }
                assert!(worst > 0.0, "a copy of the reference would not differ at all");
            }
            assert_eq!(session.evaluated(), Some(40));
        }
    }
}

#[test]
fn what_a_library_would_not_check_is_refused_before_it() {
    for folder in folders() {
        let model = TvmModel::load(&folder, &compiled(&folder)).unwrap();
        let mut opened = model.open(&setup(64, None)).unwrap();
        assert!(model.open(&setup(64, None)).is_err(), "two contexts at once");
        assert_eq!((opened.options.n_ctx, opened.devices.as_slice()), (64, &["cpu".to_owned()][..]));
        let Decoding::Stepwise(session) = &mut opened.decoding else { panic!("it decodes stepwise") };
        session.reset();
        for token in [-1, 512, i32::MAX] {
            let why = session.prefill(&[1, token]).unwrap_err();
            assert!(why.to_string().contains("vocabulary"), "{why}");
        }
        session.reset();
        session.prefill(&[1; 64]).unwrap();
        assert!(session.decode(1).unwrap_err().to_string().contains("KV cache"));
        session.reset();
        session.set_deadline(Some(Instant::now()));
        assert!(matches!(session.prefill(&[1]), Err(StepError::Aborted)));
    }
}

#[test]
fn what_cannot_be_opened_is_named() {
    for folder in folders() {
        let good = compiled(&folder);
        let failure = |folder: &Path, compiled: &CompiledModel| {
            let error = TvmModel::load(folder, compiled).err().expect("it is refused");
            assert!(!error.message.contains('\n'));
            error.message
        };
        let missing = CompiledModel { library: "/nonexistent/model.so".to_owned(), ..good.clone() };
        assert!(failure(&folder, &missing).contains("/nonexistent/model.so"));
        let no_library = CompiledModel { library: runtime()[0].clone(), ..good.clone() };
        assert!(failure(&folder, &no_library).contains("libtvm_ffi.so"));
        let no_runtime = CompiledModel { runtime: vec!["/nonexistent/libtvm.so".to_owned()], ..good.clone() };
        assert!(failure(&folder, &no_runtime).contains("libtvm.so"));
        let empty = tempfile::tempdir().unwrap();
        assert!(failure(empty.path(), &good).contains("mlc-chat-config.json"));
        std::fs::copy(folder.join("mlc-chat-config.json"), empty.path().join("mlc-chat-config.json"))
            .unwrap();
        let why = failure(empty.path(), &good);
        assert!(why.contains("tensor-cache.json"), "{why}");
    }
}
