//! Interrupted sweeps: whatever is killed, and whenever, `--resume` brings the
//! sweep to its end with every planned trial once.
//!
//! `BENCH_KILL_ROUNDS` sets how often host and agent are killed at random moments.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustix::process::Signal;
use slm_testkit::{
    processes::{Live, agents_in, signal, wait_until},
    results::{Results, Row, assert_kept},
    sandbox::{Sandbox, TINY, sweep_args},
};
use std::{collections::BTreeMap, env, fs, thread, time::Duration};

const ROUNDS: u64 = 6;

/// A second or two, half of it within trials.
fn killable() -> String {
    format!("--models {TINY} --chunks 0-1 --runs 2 --max-new-tokens 100 --threads 1")
}

fn rounds() -> u64 {
    env::var("BENCH_KILL_ROUNDS").map_or(ROUNDS, |text| text.parse().expect("BENCH_KILL_ROUNDS is a number"))
}

/// Waits for a random moment of a sweep: some time after its start, or after some
/// of its trials, however fast the machine is. The same moments in every run of
/// the tests, others in every round.
fn await_moment(rng: &mut ChaCha8Rng, sandbox: &Sandbox, live: &mut Live) {
    if rng.random_ratio(1, 3) {
        return thread::sleep(Duration::from_millis(rng.random_range(0..700)));
    }
    let trials = rng.random_range(0..=23);
    let results = Results::of(sandbox);
    wait_until("trials", || results.torn_csv("trials.csv").len() >= trials || live.has_ended());
    thread::sleep(Duration::from_micros(rng.random_range(0..60_000)));
}

/// Prints how many rounds ended in which way.
#[expect(clippy::print_stdout, reason = "the figures of the rounds are what one wants to see")]
fn report(what: &str, outcomes: &[&str]) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for outcome in outcomes {
        *counts.entry(outcome).or_default() += 1;
    }
    println!("{what}, {} rounds: {counts:?}", outcomes.len());
}

#[test]
fn an_interrupted_sweep_is_whole_and_is_finished_by_resume_once() {
    let sandbox = Sandbox::new();
    let options = format!("--models {TINY} --backend null --chunks 0 --runs 1 --repetitions 30");
    let live = Live::start(&sandbox, &sweep_args(&options));
    wait_until("three trials", || Results::of(&sandbox).torn_csv("trials.csv").len() > 3);
    signal(live.pid(), Signal::INT);
    let ran = live.wait();
    let stderr = fs::read_to_string(sandbox.path("stderr.txt")).unwrap();
    assert_eq!(ran.code, Some(130), "{stderr}");
    assert!(stderr.contains("bench sweep --resume out"), "{stderr}");
    assert!(agents_in(&sandbox).is_empty());

    let results = Results::of(&sandbox);
    let before = results.trials();
    assert!((4..150).contains(&before.len()), "{}", before.len());
    let last = results.events().pop().unwrap();
    assert_eq!((&last["event"]["type"], &last["event"]["interrupted"]), (&"ended".into(), &true.into()));

    let ran = sandbox.resume();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    results.check_complete();
    assert_kept(&before, &results.trials());

    let tables =
        || ["trials.csv", "tokens.csv", "summary.csv", "telemetry.csv"].map(|file| results.text(file));
    let (finished, events) = (tables(), results.events().len());
    let ran = sandbox.resume();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(tables(), finished, "a finished sweep measures nothing more");
    let added: Vec<_> =
        results.events().drain(events..).map(|event| event["event"]["type"].clone()).collect();
    assert_eq!(added, ["started", "ended"]);
}

#[test]
fn sigterm_ends_a_sweep_like_an_interrupt() {
    let sandbox = Sandbox::new();
    let options = format!("--models {TINY} --backend null --chunks 0 --runs 1 --repetitions 100");
    let live = Live::start(&sandbox, &sweep_args(&options));
    wait_until("a trial", || !Results::of(&sandbox).torn_csv("trials.csv").is_empty());
    signal(live.pid(), Signal::TERM);
    assert_eq!(live.wait().code, Some(130));
    assert!(Results::of(&sandbox).events().len() > 2);
}

#[test]
fn a_host_killed_at_random_moments_loses_nothing() {
    let outcomes: Vec<&str> = (0..rounds()).map(kill_host).collect();
    report("host killed", &outcomes);
}

/// One round: the sweep and the first resume are killed, the second resume ends it.
fn kill_host(round: u64) -> &'static str {
    let (sandbox, mut rng) = (Sandbox::new(), ChaCha8Rng::seed_from_u64(round));
    let options = killable();
    let outcome = run_and_kill(&sandbox, &sweep_args(&options), &mut rng);
    if !sandbox.path("out/manifest.json").exists() {
        // Killed before there was a sweep: that is said, and another folder taken.
        assert_eq!(sandbox.resume().code, Some(2));
        let _ = fs::remove_dir_all(sandbox.path("out"));
        assert_eq!(sandbox.sweep(&options).code, Some(0));
        Results::of(&sandbox).check_complete();
        return "before the sweep began";
    }
    let first = whole_rows(&sandbox);
    run_and_kill(&sandbox, &["sweep", "--resume", "out"], &mut rng);
    let second = whole_rows(&sandbox);
    let ran = sandbox.resume();
    assert_eq!(ran.code, Some(0), "round {round}: {ran:?}");
    let results = Results::of(&sandbox);
    results.check_complete();
    let trials = results.trials();
    assert_kept(&first, &trials);
    assert_kept(&second, &trials);
    assert!(trials.iter().all(Row::is_completed), "a killed host fails no trial");
    outcome
}

fn run_and_kill(sandbox: &Sandbox, args: &[&str], rng: &mut ChaCha8Rng) -> &'static str {
    let mut live = Live::start(sandbox, args);
    await_moment(rng, sandbox, &mut live);
    let ended = live.has_ended();
    signal(live.pid(), Signal::KILL);
    live.wait();
    wait_until("the end of the agent of a killed host", || agents_in(sandbox).is_empty());
    if ended { "after its end" } else { "in the sweep" }
}

/// After a kill every file can be read up to a torn last line.
fn whole_rows(sandbox: &Sandbox) -> Vec<Row> {
    let results = Results::of(sandbox);
    assert!(results.plan()["trials"].is_array());
    for file in ["tokens.csv", "telemetry.csv"] {
        results.torn_csv(file);
    }
    if sandbox.path("out/summary.csv").exists() {
        results.csv("summary.csv");
    }
    results.torn_csv("trials.csv")
}

#[test]
fn an_agent_killed_at_random_moments_costs_the_trial_at_hand() {
    let outcomes: Vec<&str> = (0..rounds()).map(kill_agent).collect();
    report("agent killed", &outcomes);
}

fn kill_agent(round: u64) -> &'static str {
    let (sandbox, mut rng) = (Sandbox::new(), ChaCha8Rng::seed_from_u64(1000 + round));
    let options = killable();
    let mut live = Live::start(&sandbox, &sweep_args(&options));
    let mut agent = None;
    wait_until("an agent", || {
        agent = live.agent();
        agent.is_some()
    });
    await_moment(&mut rng, &sandbox, &mut live);
    let alive = live.agent() == agent;
    if alive {
        signal(agent.expect("it was waited for"), Signal::KILL);
    }
    let ran = live.wait();
    let results = Results::of(&sandbox);
    results.check_complete();
    let trials = results.trials();
    let failed: Vec<&Row> = trials.iter().filter(|row| !row.is_completed()).collect();
    for row in &failed {
        assert_eq!((row.get("status"), row.get("failure")), ("failed", "killed"));
        assert!(row.get("verdict_reason").contains("signal 9 (SIGKILL)"), "{row:?}");
    }
    assert_eq!(ran.code, Some(i32::from(!failed.is_empty())));
    assert!(failed.len() <= 1, "one kill costs one trial at most");
    match (failed.len(), alive) {
        (1, _) => "within a trial",
        (_, true) => "while loading or between trials",
        (_, false) => "after its end",
    }
}

/// Cuts the record where `cut` tells, which makes the end of it torn, and resumes.
fn resume_after_cut(cut: impl Fn(&str) -> usize) {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.sweep(&killable()).code, Some(0));
    let results = Results::of(&sandbox);
    let events = results.text("events.jsonl");
    let at = cut(&events);
    let whole = events.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
    results.write("events.jsonl", &events.as_bytes()[..at]);
    let ran = sandbox.resume();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    results.check_complete();
    let kept: String = events.split_inclusive('\n').take(whole).collect();
    assert!(results.text("events.jsonl").starts_with(&kept), "whole events stay");
}

#[test]
fn a_torn_last_event_is_dropped_and_its_trial_measured_again() {
    resume_after_cut(|events| events.rfind("\"trial-finished\"").unwrap() + 40);
}

#[test]
fn an_event_torn_within_a_character_is_dropped_too() {
    resume_after_cut(|events| {
        let (at, _) = events.char_indices().rfind(|(_, c)| c.len_utf8() > 1).expect("outputs have such");
        at + 1
    });
}

#[test]
fn a_record_that_lost_all_its_events_begins_anew() {
    resume_after_cut(|_| 0);
}

#[test]
fn lost_tables_are_rebuilt_from_the_record() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.sweep(&killable()).code, Some(0));
    let results = Results::of(&sandbox);
    let tables = ["trials.csv", "tokens.csv", "telemetry.csv", "summary.csv"];
    let before = tables.map(|file| results.text(file));
    results.write("trials.csv", "rubbish");
    tables[1..].iter().for_each(|file| fs::remove_file(sandbox.path("out").join(file)).unwrap());
    assert_eq!(sandbox.resume().code, Some(0));
    assert_eq!(tables.map(|file| results.text(file)), before);
}
