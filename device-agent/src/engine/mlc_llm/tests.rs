//! The bridge to MLC-LLM's engine against a stand-in (`tools/mlc/tests/standin`), of which
//! `SLM_MLC_STANDIN` names the folder; without it nothing runs. What a hanging or crashing
//! engine does to a sweep is in `harness/cli/tests/mlc_engine.rs`.

use super::model::MlcLlm;
use crate::engine::{Decoding, GenerateRequest, Generated, Generator, Model, Setup};
use slm_protocol::{CompiledModel, ComputeDevice, FlashAttention, StopReason};
use std::{
    env, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The stand-in's folder, and the libraries to open: the same TVM as the other tests of
/// this process have.
fn given() -> Option<(PathBuf, Vec<String>)> {
    let standin = PathBuf::from(env::var_os("SLM_MLC_STANDIN")?);
    let tvm = PathBuf::from(env::var_os("SLM_MLC_RUNTIME").unwrap());
    let libraries = [
        tvm.join("libtvm_ffi.so"),
        tvm.join("libtvm_runtime.so"),
        standin.join("packed/libtvm4j_runtime_packed.so"),
    ];
    Some((standin, libraries.iter().map(|path| path.display().to_string()).collect()))
}

fn model(folder: &Path, runtime: Vec<String>) -> MlcLlm {
    let library = folder.join("model.so").display().to_string();
    MlcLlm::load(folder, &CompiledModel { runtime, library, device: ComputeDevice::Cpu }).unwrap()
}

fn setup() -> Setup {
    Setup { threads: 1, flash_attention: FlashAttention::Auto, n_ctx: 256, n_ubatch: None }
}

fn generate(generator: &mut dyn Generator, ignore_end: bool) -> Generated {
    generator.generate(&GenerateRequest {
        text: "how long is a piece",
        system: Some("be brief"),
        max_new_tokens: 7,
        ignore_end,
        deadline: Instant::now().checked_add(Duration::from_secs(20)),
    })
}

#[test]
fn replies_come_with_their_counts_and_their_times() {
    let Some((standin, runtime)) = given() else { return };
    let model = model(&standin.join("model"), runtime);
    assert_eq!((model.facts().n_vocab, model.facts().n_ctx_train), (512, 256));
    assert!(model.facts().size > 0 && model.vocabulary().is_none());
    let opened = model.open(&setup()).unwrap();
    assert_eq!((opened.options.n_ctx, opened.options.n_ubatch), (256, 16));
    assert!(opened.log.iter().any(|line| line.contains(r#""prefix_cache_mode":"disable""#)));
    let Decoding::WholeReply(mut generator) = opened.decoding else { panic!("it generates whole replies") };
    for (ignore_end, n_out, stop) in [(true, 7, StopReason::Length), (false, 3, StopReason::EndToken)] {
        let generated = generate(generator.as_mut(), ignore_end);
        let end = generated.end.unwrap();
        assert_eq!((end.n_in, end.n_evaluated, end.n_out, end.stop), (11, Some(11), n_out, stop));
        let first = generated.first_text_ns.unwrap();
        assert!(generated.request_ns < first && first < end.at_ns);
        assert!(generated.text.starts_with("standing standing ") && generated.text.ends_with("in"));
        // The stand-in asks on the thread that would compute.
        let figure = |name: &str| end.figures.iter().find(|figure| figure.name == name).unwrap().value;
        assert!((figure("standin_threads") - 1.0).abs() < f64::EPSILON);
        assert!(figure("decode_tokens_per_s") > 0.0);
    }
    assert!(generator.is_usable());
    let start = Instant::now();
    drop(generator);
    assert!(start.elapsed() < Duration::from_secs(60), "its threads end when told to");
}

#[test]
fn an_error_of_the_engines_loop_is_told_and_not_waited_for() {
    let Some((standin, runtime)) = given() else { return };
    let folder = tempfile::tempdir().unwrap();
    for name in ["mlc-chat-config.json", "tensor-cache.json", "model.so"] {
        fs::copy(standin.join("model").join(name), folder.path().join(name)).unwrap();
    }
    let model = model(folder.path(), runtime);
    fs::remove_file(folder.path().join("mlc-chat-config.json")).unwrap();
    // Its reload would wait for ever, as MLC-LLM's does on a bad path.
    let error = model.open(&setup()).err().unwrap();
    assert!(error.message.contains("Cannot find"), "{}", error.message);
    assert!(!error.message.contains('\n'));
}
