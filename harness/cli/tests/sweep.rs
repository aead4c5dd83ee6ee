//! Whole sweeps on this machine: every planned trial once, and figures that add up.

use serde_json::Value;
use slm_results::manifest::FORMAT;
use slm_testkit::{
    results::{FILES, Results},
    sandbox::{Sandbox, TINY},
};
use std::collections::BTreeSet;

/// Options of a sweep that takes about a second.
fn small() -> String {
    format!("--models {TINY} --chunks 0-1 --runs 1 --repetitions 2 --max-new-tokens 6 --threads 1")
}

#[test]
fn a_sweep_through_llama_cpp_measures_every_planned_trial_once() {
    let sandbox = Sandbox::new();
    let ran = sandbox.sweep(&small());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(sandbox.names("out"), FILES);
    let results = Results::of(&sandbox);
    results.check_complete();
    let trials = results.trials();
    assert_eq!(trials.len(), 2 + 2 * 10);
    for row in &trials {
        assert_eq!(
            (row.get("status"), row.get("n_out"), row.get("stop_reason")),
            ("completed", "6", "length")
        );
        assert_eq!(
            (row.get("backend"), row.get("weights"), row.get("threads")),
            ("llama.cpp", "synthetic", "1")
        );
        assert!(["valid", "suspect"].contains(&row.get("verdict")), "{row:?}");
        let seconds = |column| row.number(column).unwrap();
        assert!(seconds("tokenize_s") + seconds("prefill_s") <= seconds("ttft_s"), "{row:?}");
        assert!(seconds("ttft_s") < seconds("runtime_s"), "{row:?}");
        let otps = 5.0 / (seconds("runtime_s") - seconds("ttft_s"));
        assert!((seconds("otps") / otps - 1.0).abs() < 1e-6, "{row:?}");
        assert!(humantime::parse_rfc3339(row.get("started_at")).is_ok());
        assert!(row.number("model_mib") > Some(0.0) && row.number("kv_cache_mib") > Some(0.0));
    }
    // In an uninterrupted sweep the trials come in the planned order, the ids in theirs.
    let ids: Vec<&str> = trials.iter().map(|row| row.get("trial_id")).collect();
    assert!(ids.is_sorted());
}

/// Runs are what intervals are over, so each must be a process of its own.
#[test]
fn every_run_is_a_fresh_process_and_blocks_hold_every_model_once() {
    let sandbox = Sandbox::new();
    let other = "shape:arch=mpt,layers=1,d_model=64,heads=2,vocab=1024";
    let ran =
        sandbox.sweep(&format!("--models {TINY},{other} --chunks 0 --runs 3 --max-new-tokens 4 --threads 1"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let results = Results::of(&sandbox);
    results.check_complete();
    assert_eq!(results.trials().len(), 3 * 2 * (1 + 5));
    let started: Vec<Value> = results
        .events()
        .into_iter()
        .map(|event| event["event"].clone())
        .filter(|e| e["type"] == "agent-started")
        .collect();
    let processes: BTreeSet<String> = started.iter().map(|event| event["facts"]["pid"].to_string()).collect();
    assert_eq!(processes.len(), 6, "two models in three runs are six processes");
    for block in started.chunks(2) {
        assert_eq!(block[0]["run"], block[1]["run"]);
        assert_ne!(block[0]["model"], block[1]["model"]);
    }
    for cell in results.csv("summary.csv").iter().filter(|cell| cell.number("n_runs") > Some(1.0)) {
        let figure = |column| cell.number(column).unwrap();
        assert!(figure("ttft_s_ci_low") < figure("ttft_s") && figure("ttft_s") < figure("ttft_s_ci_high"));
    }
    assert!(results.csv("variance.csv").len() <= 8);
}

#[test]
fn the_null_engine_runs_the_same_sweep_without_a_model_file() {
    let sandbox = Sandbox::new();
    let ran = sandbox.sweep(&format!("{} --backend null", small()));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(!sandbox.path("models").exists());
    let results = Results::of(&sandbox);
    results.check_complete();
    assert!(results.trials().iter().all(|row| row.get("backend") == "null" && row.get("n_out") == "6"));
}

#[test]
fn a_model_file_of_ones_own_and_a_shape_are_measured_side_by_side() {
    let sandbox = Sandbox::new();
    sandbox.make_model(&format!("{TINY},context=512"), "mine.gguf");
    let ran = sandbox.sweep(&format!(
        "--models ./mine.gguf,{TINY} --chunks 0 --runs 1 --repetitions 1 --warmups 0 --max-new-tokens 3 --threads 1"
    ));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let results = Results::of(&sandbox);
    results.check_complete();
    let models: BTreeSet<String> = results.trials().iter().map(|row| row.get("model").to_owned()).collect();
    assert!(models.iter().map(String::as_str).eq(["mine.gguf", TINY]));
    assert_eq!(results.csv("summary.csv").len(), 2);
    assert!(ran.stdout.contains("synthetic weights"), "{}", ran.stdout);
}

#[test]
fn exact_prompts_have_exactly_their_tokens() {
    let sandbox = Sandbox::new();
    let ran = sandbox.sweep(&format!(
        "--models {TINY} --prompt-tokens 8,16 --runs 1 --repetitions 1 --max-new-tokens 2 --threads 1"
    ));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let results = Results::of(&sandbox);
    results.check_complete();
    for row in results.trials() {
        let (_, tokens) = row.get("prompt_id").split_once('-').unwrap();
        assert_eq!((row.get("n_in"), row.get("n_in_nominal"), row.get("chunks")), (tokens, tokens, ""));
    }
}

#[test]
fn telemetry_is_well_formed_and_belongs_to_planned_trials() {
    let sandbox = Sandbox::new();
    let ran = sandbox.sweep(&small());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let results = Results::of(&sandbox);
    let (rows, planned) = (results.csv("telemetry.csv"), results.planned());
    for row in &rows {
        assert!(humantime::parse_rfc3339(row.get("time")).is_ok(), "{row:?}");
        assert!(planned.contains_key(row.get("trial_id")), "{row:?}");
        assert!(!row.get("sensor").is_empty() && !row.get("unit").is_empty(), "{row:?}");
        assert!(row.number("value").unwrap().is_finite(), "{row:?}");
    }
    let measured: BTreeSet<&str> = rows.iter().map(|row| row.get("trial_id")).collect();
    assert_eq!(measured.len(), planned.len());
}

#[test]
fn the_record_begins_and_ends_with_its_run_and_proves_the_engine() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.sweep(&small()).code, Some(0));
    let events = Results::of(&sandbox).events();
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["event"]["type"].as_str()).collect();
    assert_eq!((kinds[0], kinds[kinds.len() - 1]), ("started", "ended"));
    assert_eq!(kinds.iter().filter(|kind| **kind == "agent-started").count(), 1);
    assert!(!kinds.contains(&"progress") && !kinds.contains(&"trial-started"));
    let ready = events.iter().find(|event| event["event"]["type"] == "model-ready").unwrap();
    assert_eq!(ready["event"]["ready"]["devices"], serde_json::json!(["CPU"]));
    assert!(events.iter().all(|event| event["format"] == FORMAT.to_string()));
}

#[test]
fn the_seed_decides_the_order_and_nothing_else_does() {
    let sandbox = Sandbox::new();
    let order = |seed: &str| {
        let ran = sandbox.sweep(&format!("{} --seed {seed} --dry-run --output json", small()));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
        plan["trials"].clone()
    };
    let first = order("1");
    assert_eq!(first, order("1"));
    assert_ne!(first, order("2"));
    assert!(!sandbox.path("out").exists(), "a dry run writes nothing");
    assert_eq!(sandbox.sweep(&format!("{} --backend null", small())).code, Some(0));
    assert_eq!(Results::of(&sandbox).plan()["trials"], first, "the order does not hang on the engine");
}

#[test]
fn json_on_stdout_is_the_summary() {
    let sandbox = Sandbox::new();
    let ran = sandbox.sweep(&format!("{} --output json", small().replace("--runs 1", "--runs 2")));
    let cells: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    let summary = Results::of(&sandbox).csv("summary.csv");
    assert_eq!(cells.len(), summary.len());
    for (cell, row) in cells.iter().zip(&summary) {
        assert_eq!(cell["model"], row.get("model"));
        for column in ["itps", "runtime_s_ci_high"] {
            // The JSON reader of these tests may be one bit off.
            let (json, csv) = (cell[column].as_f64().unwrap(), row.number(column).unwrap());
            assert!((json / csv - 1.0).abs() < 1e-12, "{column}: {json} and {csv}");
        }
    }
}
