//! The recorded sweep, as JSON, in the forms that plants change.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use slm_results::{read::rows, schema::TrialRow};
use slm_sweep::store::Store;
use std::{
    collections::HashMap,
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

/// Plan and events of a sweep.
#[derive(Clone)]
pub(crate) struct Recording {
    manifest: Value,
    records: Vec<Value>,
}

/// What the agent's other clock showed beyond the times of its loop, nanoseconds: 2.5 to 5.2 µs, where it was looked at.
const AROUND_LOOP_NS: u64 = 3_000;

impl Recording {
    /// `results/example`. What agents did not tell yet when it was recorded is filled in as a later one found it.
    pub(crate) fn of_example() -> Self {
        let folder = example();
        let manifest =
            serde_json::from_str(&fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap();
        let text = fs::read_to_string(folder.join("events.jsonl")).unwrap();
        let records = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut recording = Self { manifest, records };
        recording.fill_in();
        recording
    }

    fn fill_in(&mut self) {
        for event in self.events() {
            match event["type"].as_str() {
                Some("agent-started") => {
                    let machine = &mut event["facts"]["machine"];
                    if machine["contention"].is_null() {
                        machine["contention"] = json!({"other_cpu": true, "run_delay": true});
                    }
                }
                Some("model-ready") => {
                    let model = &mut event["ready"]["model"];
                    if model["prefill_params"].is_null() {
                        // Of the catalogue's shapes: blocks alone, without vectors and the last feed-forward part.
                        let known = match model["n_params"].as_u64() {
                            Some(125_311_488) => 80_216_064,
                            Some(134_515_008) => 103_514_112,
                            Some(361_821_120) => 307_200_000,
                            Some(494_032_768) => 344_752_128,
                            other => panic!("a model of {other:?} parameters"),
                        };
                        model["prefill_params"] = json!(known);
                    }
                }
                Some("trial-finished") => {
                    let report = &mut event["report"];
                    if report["elapsed_ns"].is_null() {
                        let times = &report["times"];
                        let span = times["end_ns"].as_u64().unwrap() - times["request_ns"].as_u64().unwrap();
                        report["elapsed_ns"] = json!(span + AROUND_LOOP_NS);
                    }
                }
                _ => {}
            }
        }
    }

    /// All events, to be changed.
    pub(crate) fn events(&mut self) -> impl Iterator<Item = &mut Value> {
        self.records.iter_mut().map(|record| &mut record["event"])
    }

    /// Puts events before or behind each event for which `place` gives some.
    pub(crate) fn insert(&mut self, mut place: impl FnMut(&Value) -> (Vec<Value>, Vec<Value>)) {
        let mut records = Vec::new();
        for record in self.records.drain(..) {
            let (before, behind) = place(&record["event"]);
            let at = record["at"].clone();
            let own = |event: Value| json!({"format": "1.0", "seq": 0, "at": at, "event": event});
            records.extend(before.into_iter().map(own));
            let behind: Vec<Value> = behind.into_iter().map(own).collect();
            records.push(record);
            records.extend(behind);
        }
        self.records = records;
    }

    /// Has the device prepared anew before the first run, as a resumed sweep does, with these settings changed.
    pub(crate) fn prepare_device(&mut self, changed: &[&str]) {
        self.insert(|event| {
            let condition = json!({"identity": {}, "known": {}, "before": {}, "findings": [], "changed": changed,
                                   "put_back": []});
            let prepared = json!({"type": "device-prepared", "device": "local", "condition": condition});
            let before = if event["type"] == "started" { vec![prepared] } else { Vec::new() };
            (before, Vec::new())
        });
    }

    /// Gives the device two slow and two fast CPUs for its two threads.
    pub(crate) fn unequal_cores(&mut self) {
        for event in self.events().filter(|event| event["type"] == "agent-started") {
            let machine = &mut event["facts"]["machine"];
            machine["cpus"] = json!("0-3");
            machine["clusters"] = json!([
                {"cpus": "0-1", "max_khz": 2_000_000, "held_khz": 2_000_000},
                {"cpus": "2-3", "max_khz": 2_900_000, "held_khz": 2_900_000},
            ]);
        }
    }

    /// The report of a trial, to be changed.
    pub(crate) fn report(&mut self, trial: usize) -> &mut Value {
        let id = self.trial_id(trial).to_owned();
        let mut events = self.records.iter_mut().map(|record| &mut record["event"]);
        let event = events.find(|event| event["report"]["trial_id"] == id.as_str()).unwrap();
        &mut event["report"]
    }

    /// A trial's id, by its index in the plan.
    pub(crate) fn trial_id(&self, trial: usize) -> &str {
        self.plan_trial(trial)["id"].as_str().unwrap()
    }

    fn plan_trial(&self, trial: usize) -> &Value {
        &self.manifest["plan"]["trials"][trial]
    }

    fn trials(&self) -> usize {
        self.manifest["plan"]["trials"].as_array().unwrap().len()
    }

    /// The models' indices.
    pub(crate) fn models(&self) -> Vec<usize> {
        (0..self.manifest["plan"]["input"]["models"].as_array().unwrap().len()).collect()
    }

    /// The model of a trial.
    pub(crate) fn model_of(&self, trial_id: &str) -> usize {
        let trials = self.manifest["plan"]["trials"].as_array().unwrap();
        let trial = trials.iter().find(|trial| trial["id"] == trial_id).unwrap();
        usize::try_from(trial["model"].as_u64().unwrap()).unwrap()
    }

    /// So many trials, at most a quarter of any cell, that took so many milliseconds.
    pub(crate) fn some_trials(&self, count: usize, took_ms: Range<u64>, rng: &mut ChaCha8Rng) -> Vec<usize> {
        let mut cells: HashMap<String, Vec<usize>> = HashMap::new();
        let finished = self.records.iter().map(|record| &record["event"]["report"]);
        let took: HashMap<&str, u64> = finished
            .filter_map(|report| {
                Some((report["trial_id"].as_str()?, report["elapsed_ns"].as_u64()? / 1_000_000))
            })
            .collect();
        for trial in 0..self.trials() {
            let planned = self.plan_trial(trial);
            if planned["warmup"] == false && took_ms.contains(&took[self.trial_id(trial)]) {
                let prompt = usize::try_from(planned["prompt"].as_u64().unwrap()).unwrap();
                let prompt = &self.manifest["plan"]["input"]["prompts"][prompt];
                let cell = format!("{} {}", planned["model"], prompt["context"]);
                cells.entry(cell).or_default().push(trial);
            }
        }
        let mut names: Vec<String> = cells.keys().cloned().collect();
        names.sort();
        let mut some = Vec::new();
        for name in names {
            let mut trials = cells.remove(&name).unwrap();
            trials.shuffle(rng);
            trials.truncate(trials.len().div_ceil(4));
            some.extend(trials);
        }
        some.shuffle(rng);
        some.truncate(count);
        assert_eq!(some.len(), count, "the recording has too few trials");
        some
    }

    /// The trials' rows that a sweep makes of it, by trial.
    pub(crate) fn rows(&self) -> HashMap<String, TrialRow> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("manifest.json"), self.manifest.to_string()).unwrap();
        let numbered = self.records.iter().enumerate().map(|(seq, record)| {
            let mut record = record.clone();
            record["seq"] = json!(seq);
            format!("{record}\n")
        });
        fs::write(folder.path().join("events.jsonl"), numbered.collect::<String>()).unwrap();
        drop(Store::resume(folder.path()).unwrap());
        let rows = rows::<TrialRow>(folder.path()).unwrap().map(Result::unwrap);
        rows.map(|row| (row.trial_id.clone(), row)).collect()
    }
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results/example")
}
