//! Models that TVM compiled, in a sweep. What needs TVM is ignored here: `tools/mlc/tests/run.sh`
//! makes it, names it in `SLM_MLC_TEST` and `SLM_MLC_RUNTIME`, and runs those tests.

use slm_testkit::{
    repository,
    results::Results,
    sandbox::{Ran, Sandbox},
};
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The first folder of a compiled model, and TVM's libraries.
fn given() -> (PathBuf, PathBuf) {
    let folders = env::var_os("SLM_MLC_TEST").expect("set by tools/mlc/tests/run.sh");
    let first = env::split_paths(&folders).next().expect("a folder");
    (first, env::var_os("SLM_MLC_RUNTIME").expect("set by tools/mlc/tests/run.sh").into())
}

fn sweep(sandbox: &Sandbox, model: &Path, runtime: &Path, options: &str) -> Ran {
    let (model, runtime) = (model.display(), runtime.display());
    sandbox.sweep(&format!("--backend mlc --models {model} --mlc-runtime {runtime} {options}"))
}

/// A copy of the model's folder, to be damaged.
fn copy(sandbox: &Sandbox, model: &Path) -> PathBuf {
    let copy = sandbox.path("damaged");
    repository::copy(model, &copy);
    copy
}

const QUICK: &str = "--prompt-tokens 8,100 --max-new-tokens 6 --runs 1 --repetitions 2 --threads 1";

#[test]
#[ignore = "needs TVM"]
fn a_compiled_model_is_measured_like_any_other() {
    let sandbox = Sandbox::new();
    let (model, runtime) = given();
    let ran = sweep(&sandbox, &model, &runtime, QUICK);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let rows = Results::of(&sandbox).trials();
    // Two lengths of five documents, twice, and a warm-up of each length.
    assert_eq!(rows.len(), 22);
    for row in &rows {
        assert_eq!((row.get("backend"), row.get("n_out")), ("tvm-relax-vm", "6"));
        assert!(["8", "100"].contains(&row.get("n_in")));
    }
    let events = fs::read_to_string(sandbox.path("out/events.jsonl")).expect("the events");
    for proof in ["device cpu", "sha256", "(runtime)"] {
        assert!(events.contains(proof), "no '{proof}' among the events");
    }
}

#[test]
#[ignore = "needs TVM"]
fn a_wrong_file_is_named_before_anything_is_measured() {
    let sandbox = Sandbox::new();
    let (model, runtime) = given();
    let refused = |model: &Path, runtime: &Path, options: &str, words: &[&str]| {
        let ran = sweep(&sandbox, model, runtime, options);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        for word in words {
            assert!(ran.stderr.contains(word), "no '{word}' in: {}", ran.stderr);
        }
        assert!(!sandbox.path("out").exists(), "nothing is left behind");
    };
    refused(&model, &sandbox.path("nowhere"), QUICK, &["libtvm_ffi.so"]);
    refused(&model, &runtime, "--chunks 0", &["tokenizer.json", "--prompt-tokens"]);
    let damaged = copy(&sandbox, &model);
    let write = |name: &str, bytes: &[u8]| fs::write(damaged.join(name), bytes).expect("written");
    write("params_shard_0.bin", b"short");
    refused(&damaged, &runtime, QUICK, &["params_shard_0.bin", "5 bytes"]);
    fs::copy(model.join("params_shard_0.bin"), damaged.join("params_shard_0.bin")).expect("copied");
    let mut library = fs::read(model.join("model.so")).expect("the library");
    library[18] = 40;
    write("model.so", &library);
    refused(&damaged, &runtime, QUICK, &["model.so", "another machine"]);
    fs::copy(model.join("model.so"), damaged.join("model.so")).expect("copied");
    let manifest = fs::read_to_string(model.join("slm-bench-mlc.json")).expect("the manifest");
    let older = manifest.replace("\"tvm\": \"0.27.0\"", "\"tvm\": \"0.26.0\"");
    assert_ne!(older, manifest);
    write("slm-bench-mlc.json", older.as_bytes());
    refused(&damaged, &runtime, QUICK, &["model.so", "TVM 0.26.0", "TVM 0.27.0"]);
    write("slm-bench-mlc.json", manifest.as_bytes());
    write("mlc-chat-config.json", b"{");
    refused(&damaged, &runtime, QUICK, &["mlc-chat-config.json"]);
}

#[test]
fn without_the_feature_one_line_says_how_to_get_it() {
    let sandbox = Sandbox::new();
    for backend in ["mlc", "mlc-llm"] {
        let options = format!("--backend {backend} --models nothing --mlc-runtime nowhere --chunks 0");
        let ran = sandbox.sweep(&options);
        // The agent may have the feature, where the tests with TVM run; then the folder is wrong.
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        let told = ran.stderr.contains("TVM_FFI_INCLUDE") && ran.stderr.contains("--features mlc");
        assert!(told || ran.stderr.contains("no folder of a compiled model"), "{}", ran.stderr);
    }
}
