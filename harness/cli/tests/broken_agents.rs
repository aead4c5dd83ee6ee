//! Agents that are killed, crash, talk nonsense or speak another version: a row
//! for what they cost, or a refusal before anything is measured.

use rustix::process::Signal;
use serde_json::Value;
use slm_testkit::{
    processes::{Live, signal, wait_until},
    results::{Results, index},
    sandbox::{Sandbox, TINY, sweep_args},
};
use std::fs;

#[test]
fn an_agent_killed_within_a_trial_costs_that_trial() {
    // Between these two events of trial t0003 the agent hangs until it is killed.
    let sandbox = Sandbox::with_agent_script(
        r#"if [ "$1" = hello ]; then exec "$AGENT" hello; fi
        "$AGENT" "$@" | sed -u '/"trial-started","trial_id":"t0003"/q'
        [ -e hung ] && exit 0
        touch hung
        exec sleep 1000"#,
    );
    let options = format!("--models {TINY} --backend null --chunks 0 --runs 1 --repetitions 1");
    let live = Live::start(&sandbox, &sweep_args(&options));
    wait_until("a hanging trial", || sandbox.path("hung").exists());
    wait_until("the trial before it", || Results::of(&sandbox).torn_csv("trials.csv").len() >= 2);
    // `exec` keeps the process that bench started.
    wait_until("the agent", || live.child().is_some());
    std::thread::sleep(std::time::Duration::from_millis(300));
    signal(live.child().unwrap(), Signal::KILL);
    assert_eq!(live.wait().code, Some(1));
    let results = Results::of(&sandbox);
    results.check_complete();
    for row in results.trials() {
        let (status, failure) =
            if row.get("trial_id") == "t0003" { ("failed", "killed") } else { ("completed", "") };
        assert_eq!((row.get("status"), row.get("failure")), (status, failure), "{row:?}");
    }
}

/// A real agent whose stream ends, by a crash, as a line with one of these ids begins a trial.
fn crashing_at(ids: &str) -> Sandbox {
    Sandbox::with_agent_script(&format!(
        r#"if [ "$1" = hello ]; then exec "$AGENT" hello; fi
        if "$AGENT" "$@" | sed -u -E '/"trial-started","trial_id":"(rewarm-)?({ids})"/{{p;Q 7}}'; then exit 0; fi
        echo 'the engine met its end' >&2
        kill -SEGV $$"#
    ))
}

#[test]
fn an_engine_that_crashes_in_every_trial_comes_to_an_end() {
    let sandbox = crashing_at("t[0-9]+");
    let ran = sandbox.sweep(&format!("--models {TINY} --backend null --chunks 0-1 --runs 1 --repetitions 1"));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let results = Results::of(&sandbox);
    results.check_complete();
    let trials = results.trials();
    assert!(trials.iter().all(|row| row.get("failure") == "crashed"), "{trials:?}");
    let evidence = trials[0].get("verdict_reason");
    assert!(evidence.contains("SIGSEGV") && evidence.contains("met its end"), "{evidence}");
}

#[test]
fn a_context_length_that_always_crashes_does_not_take_the_others_with_it() {
    let options = format!("--models {TINY} --backend null --chunks 0,3 --runs 1 --repetitions 2");
    let plan = Sandbox::new().sweep(&format!("{options} --dry-run --output json"));
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let is_long = |trial: &&Value| {
        let prompt = index(&trial["prompt"]);
        plan["input"]["prompts"][prompt]["context"]["chunks"] == 3
    };
    let trials = plan["trials"].as_array().unwrap();
    let long: Vec<&str> = trials.iter().filter(is_long).map(|trial| trial["id"].as_str().unwrap()).collect();
    assert_eq!(long.len(), 11);
    let sandbox = crashing_at(&long.join("|"));
    let ran = sandbox.sweep(&options);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let results = Results::of(&sandbox);
    results.check_complete();
    for row in results.trials() {
        assert_eq!(row.is_completed(), row.get("chunks") == "0", "{row:?}");
        assert!(row.is_completed() || row.get("failure") == "crashed", "{row:?}");
    }
}

#[test]
fn an_agent_that_dies_while_loading_is_rows_with_its_last_words() {
    let sandbox = Sandbox::with_agent_script(
        r#"if [ "$1" = run ]; then "$AGENT" hello; echo 'no such instruction' >&2; exit 1; fi
        exec "$AGENT" "$@""#,
    );
    let ran = sandbox.sweep(&format!("--models {TINY} --backend null --chunks 0 --runs 1 --repetitions 1"));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let results = Results::of(&sandbox);
    results.check_all_failed("crashed");
    let evidence = results.trials()[0].get("verdict_reason").to_owned();
    assert!(evidence.contains("while loading") && evidence.contains("no such instruction"), "{evidence}");
}

#[test]
fn an_agent_that_is_killed_whenever_it_loads_is_given_up() {
    let sandbox = Sandbox::with_agent_script(
        r#"[ "$1" = run ] && echo x >> starts && kill -KILL $$; exec "$AGENT" "$@""#,
    );
    let ran = sandbox.sweep(&format!("--models {TINY} --backend null --chunks 0 --runs 1 --repetitions 1"));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    Results::of(&sandbox).check_all_failed("killed");
    assert_eq!(fs::read_to_string(sandbox.path("starts")).unwrap().lines().count(), 3);
}

#[test]
fn garbage_from_an_agent_is_a_row_and_not_an_end() {
    let sandbox = Sandbox::with_agent_script(
        r#"[ "$1" = run ] && { "$AGENT" hello; echo '{"v":"1.0","seq":1,"what":'; exit 0; }; exec "$AGENT" "$@""#,
    );
    let ran = sandbox.sweep(&format!("--models {TINY} --backend null --chunks 0 --runs 1 --repetitions 1"));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    Results::of(&sandbox).check_all_failed("crashed");
}

#[test]
fn an_agent_of_another_version_is_refused_before_anything_is_measured() {
    let hello = r#""$AGENT" hello | sed 's/"v":"1[.][0-9]*"/"v":"2.0"/'"#;
    for script in [hello, "echo '{\"v\":\"2.0\",\"what\":\"ever\"}'"] {
        let sandbox = Sandbox::with_agent_script(script);
        let ran = sandbox.sweep(&format!("--models {TINY} --backend null"));
        assert_eq!((ran.code, ran.stderr.lines().count()), (Some(2), 1), "{ran:?}");
        assert!(ran.stderr.contains("protocol version 2.0 is not understood"), "{ran:?}");
        assert!(!sandbox.path("out").exists());
    }
}

#[test]
fn an_agent_that_is_none_is_refused_in_one_line() {
    for script in ["exit 3", "echo hello", "printf 'a\\nb\\n' >&2; exit 1"] {
        let sandbox = Sandbox::with_agent_script(script);
        let ran = sandbox.sweep(&format!("--models {TINY} --backend null"));
        assert_eq!((ran.code, ran.stderr.lines().count()), (Some(2), 1), "{ran:?}");
        assert!(!sandbox.path("out").exists());
    }
}
