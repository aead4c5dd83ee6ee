//! A model that TVM compiled for aarch64, in sweeps on the test phone. Ignored here:
//! `tools/mlc/tests/phone.sh` makes the model and the agent, names model and TVM's libraries
//! in `SLM_MLC_PHONE_MODEL` and `SLM_MLC_PHONE_RUNTIME`, and runs these tests.

use slm_testkit::{
    phone::Stage,
    processes::Live,
    results::Row,
    sandbox::{Ran, TINY},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

const OPTIONS: &str = "--prompt-tokens 8,40 --max-new-tokens 4 --runs 1 --repetitions 2 --threads 1";

fn given(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is set by tools/mlc/tests/phone.sh"))
}

fn model() -> String {
    given("SLM_MLC_PHONE_MODEL")
}

/// A sweep on the phone into a folder, words apart.
fn sweep(stage: &Stage, models: &str, backend: &str, runtime: &str, out: &str) -> Ran {
    let device = stage.device();
    let mut args = vec!["sweep", "--device", &device, "--out", out, "--models", models];
    args.extend(["--backend", backend, "--mlc-runtime", runtime]);
    args.extend(OPTIONS.split_whitespace());
    Live::start(&stage.sandbox, &args).wait()
}

/// Every file of ours on the phone that holds a model or a library, and when it was written.
fn models_there(stage: &Stage) -> BTreeMap<PathBuf, SystemTime> {
    fn walk(folder: &Path, found: &mut BTreeMap<PathBuf, SystemTime>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let metadata = entry.metadata().expect("metadata");
            if metadata.is_dir() {
                walk(&entry.path(), found);
            } else {
                found.insert(entry.path(), metadata.modified().expect("a time"));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(&stage.phone.disk().join("slm-bench/models"), &mut found);
    found
}

#[test]
#[ignore = "needs TVM and the test phone"]
fn both_engines_are_measured_on_a_phone_and_nothing_is_sent_twice() {
    let stage = Stage::set(0, &[]);
    let (model, runtime) = (model(), given("SLM_MLC_PHONE_RUNTIME"));
    let gguf = stage.sandbox.make_model(TINY, "tiny.gguf");
    let both = format!("{},{model}", gguf.display());
    let ran = sweep(&stage, &both, "llama.cpp,mlc", &runtime, "out");
    assert_eq!(ran.code, Some(0), "{}", stage.stderr());
    let rows = stage.results().trials();
    for (backend, name) in [("llama.cpp", "tiny.gguf"), ("tvm-relax-vm", folder_name(&model))] {
        let own: Vec<&Row> = rows.iter().filter(|row| row.get("backend") == backend).collect();
        // Both lengths of each document, twice, and a warm-up of each length.
        let prompts: BTreeSet<&str> = own.iter().map(|row| row.get("prompt_id")).collect();
        assert_eq!(own.len(), 2 * prompts.len() + 2, "{backend}: {rows:?}");
        for row in own {
            assert_eq!((row.get("model"), row.get("status"), row.get("n_out")), (name, "completed", "4"));
            assert_eq!(row.get("n_in"), row.get("n_in_nominal"));
            assert!(row.number("otps") > Some(0.0), "{row:?}");
        }
    }
    let manifest = stage.results().text("manifest.json");
    assert!(manifest.contains("\"target\": \"aarch64-unknown-linux-gnu\""), "the agent's own word");
    for proof in ["device cpu", "/data/local/tmp/slm-bench/models/", "(runtime)"] {
        assert!(stage.results().text("events.jsonl").contains(proof), "no '{proof}' among the events");
    }

    let before = models_there(&stage);
    assert!(before.keys().any(|path| path.ends_with("libtvm_runtime.so")), "{before:?}");
    assert!(!before.keys().any(|path| path.to_string_lossy().contains(".part")), "{before:?}");
    let ran = sweep(&stage, &model, "mlc", &runtime, "second");
    assert_eq!(ran.code, Some(0), "{}", stage.stderr());
    assert!(!stage.stderr().contains("sending"), "{}", stage.stderr());
    assert_eq!(models_there(&stage), before, "nothing is sent twice");

    let cleaned = Live::start(&stage.sandbox, &["devices", "clean", "--device", &stage.device()]).wait();
    assert_eq!(cleaned.code, Some(0), "{}", stage.stderr());
    assert!(models_there(&stage).is_empty());
}

#[test]
#[ignore = "needs TVM and the test phone"]
fn what_cannot_run_there_is_refused_before_anything_is_sent() {
    let mut stage = Stage::set(0, &[]);
    let (model, runtime) = (model(), given("SLM_MLC_PHONE_RUNTIME"));
    let damaged = stage.sandbox.path("damaged");
    fs::create_dir(&damaged).expect("a folder");
    for entry in fs::read_dir(&model).expect("the model's folder") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), damaged.join(entry.file_name())).expect("copied");
    }
    let refused = |stage: &Stage, words: &[&str]| {
        let ran = sweep(stage, damaged.to_str().expect("UTF-8"), "mlc", &runtime, "out");
        let stderr = stage.stderr();
        assert_eq!(ran.code, Some(2), "{stderr}");
        for word in words {
            assert!(stderr.lines().last().unwrap_or_default().contains(word), "'{word}' in: {stderr}");
        }
        assert!(models_there(stage).is_empty() && !stage.sandbox.path("out").exists());
    };
    // Its hash is looked at later than its machine.
    let library = fs::read(damaged.join("model.so")).expect("the library");
    let mut foreign = library.clone();
    foreign[18] = 62;
    fs::write(damaged.join("model.so"), foreign).expect("written");
    refused(&stage, &["model.so is for x86_64", "is aarch64", "--target aarch64"]);
    fs::write(damaged.join("model.so"), library).expect("written");

    let list = fs::read_to_string(damaged.join("tensor-cache.json")).expect("the list");
    let hostile = list.replace("params_shard_0.bin", "../../../etc/passwd");
    assert_ne!(hostile, list);
    fs::write(damaged.join("tensor-cache.json"), hostile).expect("written");
    refused(&stage, &["../../../etc/passwd", "no path within the folder"]);

    // Agents that the user keeps elsewhere, where nobody built this one.
    let agents = stage.sandbox.path("agents");
    stage.sandbox.variables.push(("SLM_AGENTS", agents));
    refused(&stage, &["-mlc phones", "bench agent build --mlc --flavour armv8.6-a+i8mm"]);
}

fn folder_name(path: &str) -> &str {
    Path::new(path).file_name().and_then(|name| name.to_str()).expect("a name")
}
