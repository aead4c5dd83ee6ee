//! `bench compare` as a user sees it: text, JSON, Markdown, exit codes, and every
//! wrong input.

use serde_json::Value;
use slm_plan::request::ContextLengths;
use slm_testkit::{
    agent::facts,
    made::{Figures, Made, models},
    repository::{baseline, root},
    sandbox::{Ran, Sandbox},
};
use std::{fmt::Write, fs};

/// Two sweeps `a` and `b`, the second slower by `slower`.
fn two_sweeps(slower: f64) -> Sandbox {
    let sandbox = Sandbox::new();
    Made::default().write(&sandbox.path("a"));
    Made { figures: Figures::Steady { speed: 1.0 - slower, seed: 2 }, ..Made::default() }
        .write(&sandbox.path("b"));
    sandbox
}

fn compare(sandbox: &Sandbox, args: &str) -> Ran {
    sandbox.bench(&["compare"].into_iter().chain(args.split_whitespace()).collect::<Vec<_>>())
}

#[test]
fn the_papers_table_against_a_sweep_says_that_devices_and_backends_differ() {
    let sandbox = Sandbox::new();
    fs::copy(baseline("slimlm-s24.csv"), sandbox.path("slimlm-s24.csv")).unwrap();
    let models = models(&[("smollm-135m-instruct", 134_515_008), ("slimlm-125m", 125_311_488)]);
    Made { models, ..Made::default() }.write(&sandbox.path("sweep"));
    let ran = compare(&sandbox, "slimlm-s24.csv sweep --fail-on-regression");
    assert_eq!(ran.code, Some(1), "means alone let nothing be tested");
    assert!(ran.stderr.contains("8 figures cannot be tested with so few runs"), "{}", ran.stderr);
    assert!(ran.stdout.contains("! devices differ: s24 against local"), "{}", ran.stdout);
    assert!(ran.stdout.contains("! backends differ: mlc-llm against llama.cpp"), "{}", ran.stdout);
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn a_slower_sweep_has_regressed() {
    let sandbox = two_sweeps(0.05);
    let ran = compare(&sandbox, "a b --fail-on-regression --noise 2%");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), "bench: the gate fails: 8 figures regressed\n"));
    insta::assert_snapshot!(ran.stdout);
    assert_eq!(compare(&sandbox, "a b").code, Some(0));
    let back = compare(&sandbox, "b a --fail-on-regression --noise 2%");
    assert_eq!(back.code, Some(0));
    assert!(back.stdout.contains("8 improved, 0 regressed"), "{}", back.stdout);
}

#[test]
fn an_equal_sweep_has_not() {
    let ran = compare(&two_sweeps(0.0), "a b --fail-on-regression --noise 2%");
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.contains("0 improved, 0 regressed, 10 no change, 0 inconclusive"), "{}", ran.stdout);
}

#[test]
fn markdown_and_json_say_the_same() {
    let sandbox = two_sweeps(0.05);
    let markdown = compare(&sandbox, "a b --noise 2% --output markdown");
    insta::assert_snapshot!(markdown.stdout);
    let json: Value =
        serde_json::from_str(&compare(&sandbox, "a b --noise 2% --output json").stdout).unwrap();
    assert_eq!((&json["counts"]["regressed"], &json["tests"]), (&8.into(), &10.into()));
    let row = &json["rows"][0];
    assert_eq!(
        (&row["metric"], &row["verdict"], &row["basis"]),
        (&"itps".into(), &"regressed".into(), &"runs, same prompts".into())
    );
    let ratio = row["ratio"].as_f64().unwrap();
    assert!(row["ratio_ci_low"].as_f64().unwrap() < ratio && ratio < row["ratio_ci_high"].as_f64().unwrap());
    assert!(markdown.stdout.contains(&format!("{ratio:.3}")));
}

#[test]
fn every_difference_of_set_up_is_told() {
    let sandbox = two_sweeps(0.0);
    Made { threads: 4, agent: Some(facts("2.0")), ..Made::default() }.write(&sandbox.path("c"));
    let ran = compare(&sandbox, "a c");
    assert!(ran.stdout.contains("10 refused"), "{}", ran.stdout);
    assert!(ran.stdout.contains("threads 2 against 4 (--across allows it)"), "{}", ran.stdout);
    let meant = compare(&sandbox, "a c --across threads");
    assert!(meant.stdout.contains("10 no change") && !meant.stdout.contains("refused"), "{}", meant.stdout);
    assert!(ran.stdout.contains("! versions of the engine differ: 1.0 against 2.0"), "{}", ran.stdout);
    // Other texts under the same names are not paired.
    let manifest = fs::read_to_string(sandbox.path("c/manifest.json")).unwrap();
    fs::write(sandbox.path("c/manifest.json"), manifest.replace("\"text\": \"", "\"text\": \"Well, "))
        .unwrap();
    let ran = compare(&sandbox, "a c");
    assert!(ran.stdout.contains("prompts with the same name have different texts"), "{}", ran.stdout);
    assert!(ran.stdout.contains("10 from runs, other prompts"), "{}", ran.stdout);
}

#[test]
fn models_are_mapped_or_set_against_all() {
    let sandbox = Sandbox::new();
    fs::copy(baseline("slimlm-s24.csv"), sandbox.path("slimlm-s24.csv")).unwrap();
    let models = models(&[("slimlm-450m", 460_597_760)]);
    Made { models, lengths: ContextLengths::Chunks(vec![2]), ..Made::default() }
        .write(&sandbox.path("sweep"));
    let ran = compare(&sandbox, "slimlm-s24.csv sweep --against-all");
    assert_eq!(ran.code, Some(0));
    insta::assert_snapshot!(ran.stdout);
    let ran = compare(&sandbox, "slimlm-s24.csv sweep --map qwen2-0.5b-instruct=slimlm-450m");
    assert!(
        ran.stdout.contains("slimlm-450m at 2 chunks (461 M) against qwen2-0.5b-instruct (490 M)"),
        "{}",
        ran.stdout
    );
}

#[test]
fn llama_bench_is_read_and_written() {
    let sandbox = Sandbox::new();
    let fixture = root().join("harness/decide/tests/fixtures/llama-bench.json");
    fs::copy(fixture, sandbox.path("llama-bench.json")).unwrap();
    Made { lengths: ContextLengths::Tokens(vec![50, 200]), ..Made::default() }.write(&sandbox.path("sweep"));
    let ran = compare(&sandbox, "llama-bench.json sweep --export-llama-bench ours.json");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "12 tests written to ours.json\n"));
    insta::assert_snapshot!(ran.stdout);
    let again = compare(&sandbox, "ours.json sweep");
    assert!(
        again.stdout.contains("0 improved, 0 regressed, 4 no change, 0 inconclusive of 4 figures"),
        "{}",
        again.stdout
    );
    assert!(!again.stdout.contains("versions of the engine differ"), "{}", again.stdout);
}

#[test]
fn wrong_input_is_refused_in_one_line() {
    let sandbox = two_sweeps(0.0);
    fs::copy(baseline("slimlm-s24.csv"), sandbox.path("paper.csv")).unwrap();
    let paper = fs::read_to_string(sandbox.path("paper.csv")).unwrap();
    fs::write(sandbox.path("nan.csv"), paper.replacen("68.48", "NaN", 1)).unwrap();
    fs::write(sandbox.path("negative.csv"), paper.replacen("59.72", "-59.72", 1)).unwrap();
    fs::write(sandbox.path("milliseconds.csv"), paper.replacen(",0.46,", ",460,", 1)).unwrap();
    fs::write(sandbox.path("twice.csv"), format!("{paper}{}\n", paper.lines().nth(3).unwrap())).unwrap();
    fs::write(sandbox.path("columns.csv"), paper.replacen("itps,", "speed,", 1)).unwrap();
    fs::write(sandbox.path("short.csv"), format!("{}\ns24,,mlc\n", paper.lines().next().unwrap())).unwrap();
    fs::write(sandbox.path("empty.csv"), "").unwrap();
    fs::write(sandbox.path("header.csv"), paper.lines().next().unwrap()).unwrap();
    fs::create_dir(sandbox.path("empty")).unwrap();
    fs::create_dir(sandbox.path("future")).unwrap();
    fs::write(sandbox.path("future/manifest.json"), "{\"format\": \"2.3\"}").unwrap();
    fs::write(sandbox.path("broken.json"), "[{\"n_prompt\": 5}]").unwrap();
    let mut all = String::new();
    for args in [
        "nan.csv b",
        "negative.csv b",
        "milliseconds.csv b",
        "twice.csv b",
        "columns.csv b",
        "short.csv b",
        "empty.csv b",
        "header.csv b",
        "empty b",
        "future b",
        "broken.json b",
        "nothing b",
        "paper.csv b",
        "a b --map a=b",
        "a b --map a",
        "a b --noise few",
        "a b --export-llama-bench out.json",
        "a",
    ] {
        let ran = compare(&sandbox, args);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{args}");
        write!(all, "$ bench compare {args}\n{}", sandbox.redact(&ran.stderr)).unwrap();
    }
    insta::assert_snapshot!(all);
    // A byte-order mark and CRLF are no fault.
    fs::write(sandbox.path("windows.csv"), format!("\u{feff}{}", paper.replace('\n', "\r\n"))).unwrap();
    assert_eq!(compare(&sandbox, "paper.csv windows.csv").code, Some(0));
}

#[test]
fn the_engines_of_one_sweep_are_set_beside_each_other() {
    let sandbox = Sandbox::new();
    let models = models(&[("slimlm-125m", 125_311_488), ("slimlm-125m-q4f32_1-MLC", 125_311_488)]);
    Made { models, lengths: ContextLengths::Tokens(vec![32, 128]), ..Made::default() }
        .write(&sandbox.path("sweep"));
    let map = "--map slimlm-125m=slimlm-125m-q4f32_1-MLC";
    let ran = compare(&sandbox, &format!("sweep sweep --backends llama.cpp=tvm-relax-vm {map}"));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert!(
        ran.stdout.starts_with("baseline   sweep (llama.cpp)\ncandidate  sweep (tvm-relax-vm)\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("! backends differ: llama.cpp against tvm-relax-vm"), "{}", ran.stdout);
    // The same prompts: two lengths of each document, paired.
    assert!(ran.stdout.contains("10 from runs, same prompts"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("only in the"), "{}", ran.stdout);

    let missing = compare(&sandbox, "sweep sweep --backends llama.cpp=mlc-llm");
    assert_eq!(missing.code, Some(2));
    let expected = "--backends names mlc-llm, but sweep has no figures of it; it has llama.cpp, tvm-relax-vm";
    assert!(missing.stderr.contains(expected) && missing.stderr.lines().count() == 1, "{}", missing.stderr);

    let report = sandbox.bench(&["report", "sweep", "--out", "report"]);
    assert_eq!(report.code, Some(0), "{report:?}");
    let text = fs::read_to_string(sandbox.path("report/report.md")).unwrap();
    for name in ["slimlm-125m · llama.cpp", r"slimlm-125m-q4f32\_1-MLC · tvm-relax-vm"] {
        assert!(text.contains(name), "no '{name}' in the report");
    }
}
