//! Tables as they grow with a sweep: the recorded one of `results/example`, played again event by event.

#![allow(clippy::unwrap_used)] // helpers of tests, outside of test functions

use slm_protocol::{AgentFacts, Probe, ProbeMoment, Ready};
use slm_results::{
    manifest::Manifest,
    read::rows,
    schema::{FigureRow, Row, TABLES, Table, VarianceRow, Verdict},
};
use slm_sweep::store::{Record, Store, SweepEvent};
use slm_testkit::agent::probe;
use std::{
    fs,
    path::{Path, PathBuf},
};

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results/example")
}

fn manifest() -> Manifest {
    Manifest::read(&example()).unwrap()
}

fn events() -> Vec<SweepEvent> {
    let text = fs::read_to_string(example().join("events.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str::<Record>(line).unwrap().event).collect()
}

fn probed(model: usize, probe: Probe) -> SweepEvent {
    SweepEvent::Probed { device: "local".into(), model, probe }
}

/// With probes around each run, of which that of the third model was slow.
fn with_a_slow_run(events: Vec<SweepEvent>) -> Vec<SweepEvent> {
    let of = |model: usize, moment| {
        let ops_per_s = if model == 2 { 600e9 } else { 900e9 };
        probed(model, Probe { ops_per_s, ..probe(moment) })
    };
    let (mut all, mut last) = (Vec::new(), None);
    for event in events {
        let ready = if let SweepEvent::ModelReady { model, .. } = &event { Some(*model) } else { None };
        if matches!(event, SweepEvent::AgentStarted { .. } | SweepEvent::Ended { .. }) {
            all.extend(last.take().map(|model| of(model, ProbeMoment::End)));
        }
        all.push(event);
        all.extend(ready.map(|model| of(model, ProbeMoment::Start)));
        last = ready.or(last);
    }
    all
}

fn record(store: &mut Store, events: &[SweepEvent]) {
    for event in events {
        store.record(event).unwrap();
    }
}

fn tables(folder: &Path) -> Vec<String> {
    TABLES.iter().map(|table| fs::read_to_string(folder.join(table.file_name())).unwrap()).collect()
}

#[test]
fn tables_written_live_are_those_that_are_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let events = with_a_slow_run(events());
    let (end, before) = events.split_last().unwrap();
    assert!(matches!(end, SweepEvent::Ended { .. }));
    let mut store = Store::create(folder.path(), &manifest()).unwrap();
    record(&mut store, before);
    let growing = tables(folder.path());
    record(&mut store, std::slice::from_ref(end));
    let live = tables(folder.path());
    // What varies is told of valid trials, and these may be others in the end.
    let of_trials = |table: &&Table| **table != VarianceRow::TABLE;
    let lines = |texts: &[String]| {
        let own = TABLES.into_iter().zip(texts).filter(|(table, _)| of_trials(table));
        own.map(|(_, text)| text.lines().count()).collect::<Vec<_>>()
    };
    assert_eq!(lines(&live), lines(&growing), "the end adds no rows");
    let doubted = store.tables().rows().filter(|row| {
        let reason = row.verdict_reason.as_deref().unwrap_or_default();
        row.verdict == Some(Verdict::Suspect)
            && reason.contains("the compute probe at its begin was 33 % below")
    });
    assert_eq!(doubted.count(), 44, "the trials of one of four models");
    assert!(live[0] != growing[0], "verdicts changed at the end");
    drop(store);
    drop(Store::resume(folder.path()).unwrap());
    for ((table, live), rebuilt) in TABLES.iter().zip(live).zip(tables(folder.path())) {
        assert!(live == rebuilt, "{} differs", table.file_name());
    }
}

/// An agent's begin and its load, as in the example.
fn begin() -> (Box<AgentFacts>, Box<Ready>) {
    let (mut facts, mut ready) = (None, None);
    for event in events() {
        match event {
            SweepEvent::AgentStarted { facts: found, .. } => facts = facts.or(Some(found)),
            SweepEvent::ModelReady { ready: found, .. } => ready = ready.or(Some(found)),
            _ => {}
        }
    }
    (facts.unwrap(), ready.unwrap())
}

#[test]
fn a_probe_stands_with_a_trial_of_its_own_run_or_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::create(folder.path(), &manifest()).unwrap();
    let (facts, ready) = begin();
    let finished: Vec<SweepEvent> = events()
        .into_iter()
        .filter(|event| matches!(event, SweepEvent::TrialFinished { .. }))
        .take(2)
        .collect();
    let started = || {
        let (device, model) = ("local".to_owned(), 0);
        [
            SweepEvent::AgentStarted { device: device.clone(), run: 1, model, facts: facts.clone() },
            SweepEvent::ModelReady { device, model, ready: ready.clone() },
        ]
    };
    let start = |ops_per_s| probed(0, Probe { ops_per_s, ..probe(ProbeMoment::Start) });
    let end = |ops_per_s| probed(0, Probe { ops_per_s, ..probe(ProbeMoment::End) });
    // A run that ends before its first trial, one with a trial and without probes, one with all, one without trials.
    record(&mut store, &started());
    record(&mut store, &[start(1.0)]);
    record(&mut store, &started());
    record(&mut store, &finished[..1]);
    record(&mut store, &started());
    record(&mut store, &[start(2.0), finished[1].clone(), end(3.0)]);
    record(&mut store, &started());
    record(&mut store, &[start(4.0), end(5.0)]);
    drop(store);
    let SweepEvent::TrialFinished { report, .. } = &finished[1] else { unreachable!() };
    let figures = rows::<FigureRow>(folder.path()).unwrap().map(Result::unwrap);
    let placed: Vec<(String, String, f64)> = figures
        .filter(|row| row.name.ends_with("_ops_per_s") && !row.name.contains("peak"))
        .map(|row| (row.trial_id, row.name, row.value))
        .collect();
    let of = |name: &str, value| (report.trial_id.clone(), name.to_owned(), value);
    assert_eq!(placed, [of("start_ops_per_s", 2.0), of("end_ops_per_s", 3.0)]);
}
