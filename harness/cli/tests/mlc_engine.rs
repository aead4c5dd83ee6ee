//! MLC-LLM's own engine in a sweep, played by a stand-in (`tools/mlc/tests/standin`) that has
//! its interface, its threads and its faults, but no model: what is tested is the contract,
//! never speed. `tools/mlc/tests/run.sh` makes it, names its folder in `SLM_MLC_STANDIN`, and
//! runs these tests, which are ignored elsewhere.

use serde_json::Value;
use slm_testkit::{
    results::{Results, Row},
    sandbox::{Ran, Sandbox},
};
use std::{
    env, fs,
    path::{Path, PathBuf},
};

fn standin() -> PathBuf {
    env::var_os("SLM_MLC_STANDIN").expect("set by tools/mlc/tests/run.sh").into()
}

fn sweep(sandbox: &Sandbox, model: &Path, runtime: &Path, options: &str) -> Ran {
    let (model, runtime) = (model.display(), runtime.display());
    sandbox.sweep(&format!(
        "--backend mlc-llm --models {model} --mlc-runtime {runtime} --runs 1 --repetitions 1 --threads 1 --max-new-tokens 6 \
         {options}"
    ))
}

/// A copy of the stand-in's model folder, its configuration changed.
fn copy(sandbox: &Sandbox, change: impl FnOnce(&mut Value)) -> PathBuf {
    let (from, to) = (standin().join("model"), sandbox.path("model"));
    fs::create_dir(&to).expect("a folder");
    for entry in fs::read_dir(&from).expect("the model's folder") {
        let name = entry.expect("an entry").file_name();
        fs::copy(from.join(&name), to.join(&name)).expect("copied");
    }
    let path = to.join("mlc-chat-config.json");
    let mut config = serde_json::from_slice(&fs::read(&path).expect("read")).expect("JSON");
    change(&mut config);
    fs::write(path, config.to_string()).expect("written");
    to
}

/// A sweep over five questions and a warm-up, with this fault planted.
fn with_fault(sandbox: &Sandbox, plant: &str, options: &str) -> Results {
    let model = copy(sandbox, |config| config["standin"] = plant.into());
    let ran = sweep(sandbox, &model, &standin().join("runtime"), &format!("--chunks 0 {options}"));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let results = Results::of(sandbox);
    results.check_complete();
    results
}

/// Every row has this cause; those that were tried name this evidence.
fn check_failures(results: &Results, failure: &str, words: &[&str]) -> Vec<Row> {
    let rows = results.trials();
    assert_eq!(rows.len(), 6);
    for row in &rows {
        assert_eq!((row.get("backend"), row.get("failure")), ("mlc-llm", failure), "{row:?}");
        for word in words.iter().filter(|_| row.get("status") == "failed") {
            assert!(row.get("verdict_reason").contains(word), "no '{word}' in {row:?}");
        }
    }
    rows
}

fn skipped(rows: &[Row]) -> usize {
    rows.iter().filter(|row| row.get("status") == "skipped").count()
}

#[test]
#[ignore = "needs the stand-in for MLC-LLM"]
fn answers_are_measured_and_what_the_engine_does_not_tell_is_empty() {
    let sandbox = Sandbox::new();
    let runtime = standin().join("runtime");
    let ran = sweep(&sandbox, &standin().join("model"), &runtime, "--chunks 0,2 --stop length");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let results = Results::of(&sandbox);
    results.check_complete();
    let rows = results.trials();
    assert_eq!(rows.len(), 12);
    let figures = results.csv("figures.csv");
    for row in &rows {
        assert_eq!(
            (row.get("backend"), row.get("n_out"), row.get("stop_reason")),
            ("mlc-llm", "6", "length")
        );
        assert!(row.number("n_in") > Some(2.0) && row.get("threads") == "1", "{row:?}");
        assert!(
            row.number("runtime_s") >= row.number("ttft_s") && row.number("ttft_s") > Some(0.0),
            "{row:?}"
        );
        for column in ["tokenize_s", "prefill_s", "itps", "otps", "tpot_p50_ms", "tpot_p99_ms"] {
            assert_eq!(row.get(column), "", "{column} cannot be known: {row:?}");
        }
        for name in ["prefill_tokens_per_s", "decode_tokens_per_s", "ttft_s", "end_to_end_latency_s"] {
            let of_engine =
                |told: &&Row| (told.get("trial_id"), told.get("name")) == (row.get("trial_id"), name);
            let told = figures.iter().find(of_engine).unwrap_or_else(|| panic!("no {name} of {row:?}"));
            assert!(told.number("value") > Some(0.0), "{told:?}");
        }
        let reason = row.get("verdict_reason");
        assert!(!reason.contains("token"), "{reason}");
    }
    assert!(results.csv("tokens.csv").is_empty());
    let cells = results.csv("summary.csv");
    assert_eq!(cells.len(), 2);
    assert!(cells.iter().all(|cell| cell.number("ttft_s") > Some(0.0) && cell.get("otps").is_empty()));
    let events = results.text("events.jsonl");
    for proof in [r#"\"prefix_cache_mode\":\"disable\""#, "standin_threads", "sha256", "tvm-ffi"] {
        assert!(events.contains(proof), "no '{proof}' among the events");
    }
    let source = results.plan()["input"]["models"][0]["source"].clone();
    assert_eq!(source["runtime"].as_array().map(Vec::len), Some(3));
    assert_eq!(source["runtime_sha256"][2].as_str().map(str::len), Some(64));
    assert!(source["mlc_llm"].as_str().is_some_and(|told| told.contains("stand-in")), "{source}");
}

#[test]
#[ignore = "needs the stand-in for MLC-LLM"]
fn a_packed_runtime_runs_and_an_end_token_ends() {
    let sandbox = Sandbox::new();
    let ran =
        sweep(&sandbox, &standin().join("model"), &standin().join("packed"), "--chunks 0 --system brief");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let results = Results::of(&sandbox);
    for row in results.trials() {
        assert_eq!((row.get("n_out"), row.get("stop_reason")), ("3", "end-token"), "{row:?}");
    }
    let runtime = &results.plan()["input"]["models"][0]["source"]["runtime"];
    assert_eq!(runtime.as_array().map(Vec::len), Some(1), "{runtime}");
}

#[test]
#[ignore = "needs the stand-in for MLC-LLM"]
fn a_configuration_that_the_engine_refuses_is_told_at_once() {
    let sandbox = Sandbox::new();
    let results = with_fault(&sandbox, "refuse-config", "");
    let words = ["the configuration is not understood"];
    assert_eq!(skipped(&check_failures(&results, "load-failed", &words)), 0);
}

#[test]
#[ignore = "needs the stand-in for MLC-LLM"]
fn a_runtime_without_the_engine_is_told() {
    let sandbox = Sandbox::new();
    let runtime = sandbox.path("runtime");
    fs::create_dir(&runtime).expect("a folder");
    for (from, to) in [
        ("runtime/libtvm_ffi.so", "libtvm_ffi.so"),
        ("runtime/libtvm_runtime.so", "libtvm_runtime.so"),
        // Any library will do.
        ("model/model.so", "libmlc_llm.so"),
    ] {
        fs::copy(standin().join(from), runtime.join(to)).expect("copied");
    }
    let ran = sweep(&sandbox, &standin().join("model"), &runtime, "--chunks 0");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    check_failures(&Results::of(&sandbox), "load-failed", &["mlc.json_ffi.CreateJSONFFIEngine"]);
}

#[test]
#[ignore = "needs the stand-in for MLC-LLM"]
fn a_crash_while_it_loads_is_a_crash_of_every_trial() {
    let sandbox = Sandbox::new();
    let results = with_fault(&sandbox, "crash-in-reload", "");
    assert_eq!(skipped(&check_failures(&results, "crashed", &["while loading", "SIGSEGV"])), 0);
}

#[test]
#[ignore = "needs the stand-in for MLC-LLM"]
fn a_load_that_never_ends_is_ended_on_the_device() {
    let mut sandbox = Sandbox::new();
    sandbox.variables.push(("SLM_LOAD_PATIENCE", "2s".into()));
    let results = with_fault(&sandbox, "hang-in-reload", "");
    // By the agent itself: on a phone nobody else may be there.
    let words = ["did not load within 2000 ms", "the agent ended itself"];
    assert_eq!(skipped(&check_failures(&results, "timed-out", &words)), 0);
}

#[test]
#[ignore = "needs the stand-in for MLC-LLM"]
fn faults_within_an_answer_have_their_causes() {
    for (plant, words) in [
        ("crash-in-chat", "SIGSEGV"),
        ("end-in-chat", "the loop met its end"),
        ("garble", "its reply is not understood"),
    ] {
        let sandbox = Sandbox::new();
        let results = with_fault(&sandbox, plant, "");
        assert_eq!(skipped(&check_failures(&results, "crashed", &[words])), 5, "{plant}");
    }
}

#[test]
#[ignore = "needs the stand-in for MLC-LLM"]
fn a_prompt_that_the_engine_refuses_is_unsupported_and_the_engine_goes_on() {
    let sandbox = Sandbox::new();
    let results = with_fault(&sandbox, "refuse-prompt", "");
    assert_eq!(skipped(&check_failures(&results, "unsupported", &["Role \"user\" is not supported"])), 0);
    let starts = results.events().iter().filter(|event| event["event"]["type"] == "agent-started").count();
    assert_eq!(starts, 1);
}

#[test]
#[ignore = "needs the stand-in for MLC-LLM"]
fn an_answer_that_never_comes_times_out_and_another_agent_goes_on() {
    let sandbox = Sandbox::new();
    let results = with_fault(&sandbox, "hang-in-chat", "--timeout 1s");
    let rows = check_failures(&results, "timed-out", &["1000 ms passed before the first text"]);
    // The second agent hung too, over the repeated warm-up.
    assert_eq!(skipped(&rows), 5);
    let starts = results.events().iter().filter(|event| event["event"]["type"] == "agent-started").count();
    assert_eq!(starts, 2);
}

#[test]
#[ignore = "needs the stand-in for MLC-LLM"]
fn a_call_that_never_returns_is_ended_on_the_device() {
    let sandbox = Sandbox::new();
    let results = with_fault(&sandbox, "stuck-in-chat", "--timeout 1s");
    let words = ["did not return from the trial", "the agent ended itself"];
    assert_eq!(skipped(&check_failures(&results, "timed-out", &words)), 5);
}

#[test]
#[ignore = "needs the stand-in for MLC-LLM"]
fn a_prefix_cache_that_works_all_the_same_makes_figures_suspect() {
    let sandbox = Sandbox::new();
    let model = copy(&sandbox, |config| config["standin"] = "cache".into());
    let ran = sweep(&sandbox, &model, &standin().join("runtime"), "--chunks 0");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for row in Results::of(&sandbox).trials() {
        assert_eq!(row.get("verdict"), "suspect", "{row:?}");
        assert!(row.get("verdict_reason").contains("the engine evaluated 1"), "{row:?}");
    }
}

#[test]
#[ignore = "needs the stand-in for MLC-LLM"]
fn what_the_engine_would_hang_on_is_refused_before_anything_is_measured() {
    let refused = |change: &dyn Fn(&mut Value), prepare: &dyn Fn(&Path), options: &str, words: &[&str]| {
        let sandbox = Sandbox::new();
        let (model, runtime) = (copy(&sandbox, change), sandbox.path("runtime"));
        fs::create_dir(&runtime).expect("a folder");
        for name in ["libtvm_ffi.so", "libtvm_runtime.so", "libmlc_llm.so"] {
            fs::copy(standin().join("runtime").join(name), runtime.join(name)).expect("copied");
        }
        prepare(&sandbox.path("."));
        let ran = sweep(&sandbox, &model, &runtime, options);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        for word in words {
            assert!(ran.stderr.contains(word), "no '{word}' in: {}", ran.stderr);
        }
        assert!(!sandbox.path("out").exists(), "nothing is left behind");
    };
    let same = |_: &mut Value| {};
    let nothing = |_: &Path| {};
    let gone =
        |name: &'static str| move |sandbox: &Path| fs::remove_file(sandbox.join(name)).expect("removed");
    refused(
        &same,
        &gone("runtime/libmlc_llm.so"),
        "--chunks 0",
        &["libmlc_llm.so", "libtvm4j_runtime_packed.so"],
    );
    refused(&same, &gone("runtime/libtvm_runtime.so"), "--chunks 0", &["libtvm_runtime.so"]);
    refused(&same, &gone("model/model.so"), "--chunks 0", &["0 model libraries"]);
    refused(&same, &gone("model/tokenizer.json"), "--chunks 0", &["tokenizer.json"]);
    refused(&same, &gone("model/params_shard_0.bin"), "--chunks 0", &["params_shard_0.bin"]);
    let garbled =
        |sandbox: &Path| fs::write(sandbox.join("model/mlc-chat-config.json"), "{").expect("written");
    refused(&same, &garbled, "--chunks 0", &["mlc-chat-config.json"]);
    let no_template = |config: &mut Value| config["conv_template"] = Value::Null;
    refused(&no_template, &nothing, "--chunks 0", &["mlc-chat-config.json", "conv_template"]);
    refused(&same, &nothing, "--prompt-tokens 8", &["--prompt-tokens", "--backend mlc"]);
    refused(&same, &nothing, "--chunks 0 --no-chat-template", &["--no-chat-template"]);
    let older = |sandbox: &Path| {
        fs::write(sandbox.join("runtime/tvm.json"), r#"{"tvm": "0.26.0"}"#).expect("written");
        let manifest = r#"{"tvm": "0.27.0", "library": "model.so"}"#;
        fs::write(sandbox.join("model/slm-bench-mlc.json"), manifest).expect("written");
    };
    refused(&same, &older, "--chunks 0", &["TVM 0.27.0", "TVM 0.26.0"]);
}
