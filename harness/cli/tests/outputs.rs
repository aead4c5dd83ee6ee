//! `bench outputs` as a user sees it: answers beside their prompts, chosen ones, refusals.

#![allow(clippy::unwrap_used, missing_docs)]

use serde_json::Value;
use slm_plan::request::ContextLengths;
use slm_testkit::{
    made::{Made, models},
    sandbox::{Ran, Sandbox},
};
use std::{fmt::Write, fs};

/// What every model wrote: lines, a cursor moved up, a line turned around.
const WROTE: &str = "George Washington.\n\u{1b}[1A\u{202e}drawkcab";

/// A trained and a synthetic model, with what both wrote.
fn measured() -> Sandbox {
    let sandbox = Sandbox::new();
    let made = Made {
        models: models(&[("SmolLM2-135M-Instruct.gguf", 134_515_008), ("slimlm-125m", 125_311_488)]),
        real: 1,
        output: Some(WROTE.into()),
        lengths: ContextLengths::Chunks(vec![0, 1]),
        ..Made::default()
    };
    made.write(&sandbox.path("out"));
    sandbox
}

fn outputs(sandbox: &Sandbox, args: &str) -> Ran {
    sandbox.bench(&["outputs"].into_iter().chain(args.split_whitespace()).collect::<Vec<_>>())
}

#[test]
fn answers_stand_beside_their_prompts() {
    let sandbox = measured();
    let ran = outputs(&sandbox, "out --prompt q2,r1-k1");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(!ran.stdout.contains(['\u{1b}', '\u{202e}']), "{:?}", ran.stdout);
    insta::assert_snapshot!(format!("{}\n{}", ran.stdout, ran.stderr));
}

#[test]
fn models_prompts_and_chunks_are_chosen() {
    let sandbox = measured();
    let read = |args: &str| -> Vec<Value> {
        let ran = outputs(&sandbox, &format!("out --output json {args}"));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        serde_json::from_str(&ran.stdout).unwrap()
    };
    let all = read("");
    assert_eq!(all.len(), 10, "five questions and five requests of the trained model");
    assert!(all.iter().all(|answer| answer["weights"] == "real" && answer["output"] == WROTE));
    assert_eq!((&all[0]["trials"], &all[0]["alike"], &all[0]["at_limit"]), (&3.into(), &3.into(), &3.into()));
    assert_eq!((&all[0]["stop_reason"], &all[0]["n_out"]), (&"length".into(), &64.into()));
    let asked = all[0]["prompt"].as_str().unwrap();
    assert!(asked.contains("first president"), "{asked}");
    assert_eq!(read("--chunks 1").len(), 5);
    assert_eq!(read("--prompt q1,q2").len(), 2);
    let named = read("--model SLIMLM --prompt q2");
    assert_eq!((named.len(), &named[0]["weights"]), (1, &"synthetic".into()));
}

#[test]
fn what_is_not_there_is_refused_in_one_line() {
    let (sandbox, mut all) = (measured(), String::new());
    Made { output: Some("x".into()), ..Made::default() }.write(&sandbox.path("random"));
    Made { real: 1, ..Made::default() }.write(&sandbox.path("silent"));
    fs::create_dir(sandbox.path("empty")).unwrap();
    for args in [
        "nowhere",
        "empty",
        "silent",
        "random",
        "out --model gpt",
        "out --prompt q9",
        "out --prompt q1 --chunks 1",
        "out --chunks 9",
        "",
    ] {
        let ran = outputs(&sandbox, args);
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.lines().count()), (Some(2), "", 1), "{ran:?}");
        write!(all, "$ bench outputs {args}\n{}\n", sandbox.redact(&ran.stderr)).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_torn_line_costs_one_answer_and_is_told() {
    let sandbox = measured();
    let path = sandbox.path("out/events.jsonl");
    let events = fs::read_to_string(&path).unwrap();
    fs::write(&path, &events[..events.len() - 40]).unwrap();
    let ran = outputs(&sandbox, "out --model slimlm");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("1 lines of out/events.jsonl cannot be read"), "{}", ran.stderr);
}
