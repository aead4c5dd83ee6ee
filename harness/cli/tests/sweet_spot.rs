//! `bench sweet-spot` as a user sees it.

use serde_json::Value;
use slm_plan::request::ContextLengths;
use slm_testkit::{
    made::{Made, models},
    repository::baseline,
    sandbox::{Ran, Sandbox},
};
use std::{fmt::Write, fs};

fn sweet_spot(sandbox: &Sandbox, args: &str) -> Ran {
    sandbox.bench(&["sweet-spot"].into_iter().chain(args.split_whitespace()).collect::<Vec<_>>())
}

fn with_baselines() -> Sandbox {
    let sandbox = Sandbox::new();
    fs::copy(baseline("slimlm-s24.csv"), sandbox.path("slimlm-s24.csv")).expect("it is copied");
    fs::copy(baseline("slimlm-quality.csv"), sandbox.path("quality.csv")).expect("it is copied");
    sandbox
}

/// A sweep of four sizes, the largest of which did not fit into memory.
fn with_sweep() -> Sandbox {
    let sandbox = Sandbox::new();
    let models = models(&[
        ("slimlm-125m", 125_311_488),
        ("smollm-360m-instruct", 361_821_120),
        ("qwen2-0.5b-instruct", 494_032_768),
        ("slimlm-1b", 1_316_061_184),
    ]);
    let lengths = ContextLengths::Chunks(vec![0, 1, 4]);
    Made { models, lengths, failing: Some(0), ..Made::default() }.write(&sandbox.path("sweep"));
    sandbox
}

#[test]
fn the_papers_table_answers_within_a_minute() {
    let ran = sweet_spot(
        &with_baselines(),
        "slimlm-s24.csv --max-ttft 60s --prompt-tokens 800 --quality quality.csv",
    );
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn a_sweep_with_a_failed_model_is_answered() {
    let ran = sweet_spot(
        &with_sweep(),
        "sweep --max-runtime 6s --min-otps 15 --max-memory 1GiB --prompt-tokens 800",
    );
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (Some(0), "sweep: loading 1 GiB of weights takes about 2.01 s (from 3 models)\n")
    );
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn json_has_every_point() {
    let ran =
        sweet_spot(&with_baselines(), "slimlm-s24.csv --max-ttft 10s --output json --prompt-tokens 200");
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    let group = &json[0];
    assert_eq!(group["points"].as_array().unwrap().len(), 45);
    assert_eq!(
        (&group["largest"]["model"], &group["longest"]["context"]),
        (&"qwen2-0.5b-instruct".into(), &"4 chunks".into())
    );
    let predicted = group["points"].as_array().unwrap().iter().filter(|point| point["origin"] == "predicted");
    assert_eq!(predicted.clone().count(), 21);
    assert!(
        predicted.clone().all(|point| point["ttft_s"]["low"].as_f64() < point["ttft_s"]["high"].as_f64())
    );
    assert!(group["size"]["params"].as_u64().unwrap() > 100_000_000);
    assert_eq!(group["cost_model"][0]["forms"][0]["exponent"], 1.4);
}

#[test]
fn the_length_of_output_can_be_chosen() {
    let sandbox = with_sweep();
    let size = |args: &str| {
        let ran =
            sweet_spot(&sandbox, &format!("sweep --max-runtime 5s --prompt-tokens 800 --output json {args}"));
        let json: Value = serde_json::from_str(&ran.stdout).unwrap();
        json[0]["size"]["params"].as_u64().unwrap()
    };
    assert!(size("--output-tokens 8") > size("") && size("") > size("--output-tokens 256"));
}

#[test]
fn wrong_input_is_refused_in_one_line() {
    let sandbox = with_baselines();
    fs::write(sandbox.path("scores.csv"), "model,points\na,1\n").unwrap();
    fs::write(sandbox.path("nan.csv"), "model,score\na,NaN\n").unwrap();
    fs::write(sandbox.path("twice.csv"), "model,score\na,1\na,2\n").unwrap();
    let paper = fs::read_to_string(sandbox.path("slimlm-s24.csv")).expect("it is copied");
    let header = paper.lines().next().unwrap();
    let row = "s24,,mlc-llm,m,real,q4,,0,5,,,,,,1,,,1,,,1,,,2,,,,,,,";
    fs::write(sandbox.path("unsized.csv"), format!("{header}\n{row}\n")).unwrap();
    let mut all = String::new();
    for args in [
        "slimlm-s24.csv",
        "nothing --max-ttft 1s",
        "slimlm-s24.csv --max-ttft 1",
        "slimlm-s24.csv --max-memory 5",
        "slimlm-s24.csv --min-otps 0",
        "slimlm-s24.csv --max-ttft 1s --quality scores.csv",
        "slimlm-s24.csv --max-ttft 1s --quality nan.csv",
        "slimlm-s24.csv --max-ttft 1s --quality twice.csv",
        "unsized.csv --max-ttft 1s",
        "--max-ttft 1s",
    ] {
        let ran = sweet_spot(&sandbox, args);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{args}");
        write!(all, "$ bench sweet-spot {args}\n{}", sandbox.redact(&ran.stderr)).unwrap();
    }
    insta::assert_snapshot!(all);
}
