//! `bench ab`: two settings in one session, through the real agent.

use serde_json::Value;
use slm_testkit::{
    results::Results,
    sandbox::{Ran, Sandbox, TINY},
};
use std::fs;

/// Eight times the layers: no machine is so noisy that it hides them.
const LARGER: &str = "shape:arch=mpt,layers=16,d_model=64,heads=2,vocab=1024";
const SHORT: &str = "--device local --out out --chunks 0 --max-new-tokens 6 --threads 1";

fn ab(sandbox: &Sandbox, a: &str, b: &str, options: &str) -> Ran {
    let mut args = vec!["ab", "--a", a, "--b", b];
    args.extend(SHORT.split_whitespace().chain(options.split_whitespace()));
    sandbox.bench(&args)
}

#[test]
fn a_much_larger_model_is_found_slower_and_the_session_ends() {
    let sandbox = Sandbox::new();
    let (a, b) = (format!("--models {TINY}"), format!("--models {LARGER}"));
    let ran = ab(&sandbox, &a, &b, "--max-time 90s --fail-on-regression");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("% slower to the first token ["), "{ran:?}");
    assert!(ran.stderr.contains("run   4 of each   "), "{ran:?}");

    let results = Results::of(&sandbox);
    let looks: Value =
        serde_json::from_str(&fs::read_to_string(sandbox.path("out/ab.json")).unwrap()).unwrap();
    let tested: Vec<&Value> =
        looks["looks"].as_array().unwrap().iter().filter(|look| look["tested"] == true).collect();
    assert!(tested.iter().all(|look| look["answer"] == "regressed"), "{looks}");
    // A B B A: both models in each run, the last of one first in the next.
    let trials = results.trials();
    let order: Vec<String> =
        trials.iter().map(|row| format!("{}{}", row.get("run"), row.get("variant"))).collect();
    let mut runs = order.clone();
    runs.dedup();
    assert_eq!(runs[1][1..], runs[2][1..], "{runs:?}");
    assert!(
        runs.chunks_exact(2).all(|block| block[0][..1] == block[1][..1] && block[0] != block[1]),
        "{runs:?}"
    );
    let cells = results.csv("summary.csv");
    assert_eq!(cells.len(), 2);
    assert!(cells.iter().all(|cell| cell.get("n_planned") == cell.get("n_completed")));
    // A sweep's other commands read it; only resuming makes no sense.
    let report = sandbox.bench(&["report", "out", "--out", "report"]);
    assert_eq!(report.code, Some(0), "{report:?}");
    let resumed = sandbox.resume();
    assert!(resumed.code == Some(2) && resumed.stderr.contains("is a session of `bench ab`"), "{resumed:?}");
}

#[test]
fn time_ends_a_session_of_equal_settings_at_the_latest() {
    let sandbox = Sandbox::new();
    let ran = ab(&sandbox, "", "", &format!("--models {TINY} --backend null --max-time 3s --detect 0.1%"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("of each in "), "{ran:?}");
}

#[test]
fn what_cannot_be_compared_is_refused_before_measuring() {
    let sandbox = Sandbox::new();
    for (a, b, options, why) in [
        ("", "--chunks 1", "--models slimlm-125m", "--b: unexpected argument '--chunks'"),
        ("", "--quant q4_0,q8_0", "--models slimlm-125m", "side b has 2 models"),
        ("", "--threads none", "--models slimlm-125m", "--b: invalid value 'none'"),
        ("", "", "--models slimlm-125m --runs 3", "--runs is not of `bench ab`"),
    ] {
        let ran = ab(&sandbox, a, b, options);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert!(ran.stderr.contains(why) && ran.stderr.lines().count() == 1, "{ran:?}");
        assert!(!sandbox.path("out").exists());
    }
}
