//! What the guards say of sweeps through the real agent in which nothing is wrong, and what it tells around a run.

use slm_testkit::{
    results::{Results, Row},
    sandbox::{Sandbox, TINY},
};

/// Other tests run beside this one, which is seen and right.
fn is_doubted_wrongly(row: &Row) -> bool {
    let reason = row.get("verdict_reason");
    let is_disturbed = reason.contains("other processes used") || reason.contains("for a core");
    row.get("verdict") != "valid" && !is_disturbed
}

fn doubted(trials: &[Row]) -> Vec<&str> {
    trials.iter().filter(|row| is_doubted_wrongly(row)).map(|row| row.get("verdict_reason")).collect()
}

#[test]
fn trials_of_the_null_engine_are_not_doubted_for_being_fast() {
    let sandbox = Sandbox::new();
    let ran =
        sandbox.sweep(&format!("--models {TINY} --backend null --chunks 0-3 --runs 1 --repetitions 10"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let (results, trials) = (Results::of(&sandbox), Results::of(&sandbox).trials());
    let doubted = doubted(&trials);
    assert!(trials.len() > 200 && 100 * doubted.len() <= trials.len(), "{doubted:?}");
    assert!(
        trials.iter().all(|row| !row.get("not_checked").contains("bandwidth")),
        "there is nothing to check"
    );
    assert!(results.csv("figures.csv").is_empty(), "an engine that computes nothing needs no probe");
}

#[test]
fn trials_of_a_small_model_are_not_doubted_and_its_run_is_probed() {
    let sandbox = Sandbox::new();
    let ran = sandbox
        .sweep(&format!("--models {TINY} --prompt-tokens 16,64 --runs 1 --repetitions 20 --threads 1"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let results = Results::of(&sandbox);
    results.check_complete();
    let trials = results.trials();
    let doubted = doubted(&trials);
    // Steps of microseconds beside other tests: the pace of a cell may be unsteady.
    let others: Vec<_> = doubted.iter().filter(|reason| !reason.contains("times as fast")).collect();
    assert!(trials.len() > 200 && 100 * others.len() <= trials.len(), "{others:?}");
    assert!(20 * doubted.len() <= trials.len(), "{doubted:?}");
    let figures = results.csv("figures.csv");
    let of = |name: &str| figures.iter().filter(|row| row.get("name") == name).collect::<Vec<_>>();
    let (first, last) = (trials[0].get("trial_id"), trials[trials.len() - 1].get("trial_id"));
    for (name, trial, unit) in [
        ("start_ops_per_s", first, "op/s"),
        ("start_memory_bytes_per_s", first, "B/s"),
        ("end_ops_per_s", last, "op/s"),
        ("end_memory_bytes_per_s", last, "B/s"),
    ] {
        let [row] = of(name)[..] else { panic!("one {name}: {figures:?}") };
        assert_eq!((row.get("scope"), row.get("trial_id"), row.get("unit")), ("run", trial, unit));
        assert!(row.number("value") > Some(1e8), "{row:?}");
    }
}
