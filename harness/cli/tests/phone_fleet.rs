//! Several phones at once: a thread and an agent each, one results folder, and a phone that dies stops no other.

use slm_testkit::{
    phone::Stage,
    phone::TestPhone,
    processes::{Live, wait_until},
    results::{Results, Row, assert_kept},
};
use std::collections::{BTreeMap, BTreeSet};

/// Some seconds of trials on each.
const OPTIONS: &str = "--chunks 0 --runs 1 --repetitions 6 --max-new-tokens 60 --threads 1";

/// A Galaxy S24 and, beside it, an S24+.
fn two_phones() -> (Stage, TestPhone) {
    let stage = Stage::set(0, &[]);
    let second = stage.phone.beside("plus", &[]);
    second.set_property("ro.product.model", "SM-S926B");
    second.set_property("ro.product.device", "e2s");
    (stage, second)
}

fn start(stage: &Stage, devices: &str) -> Live {
    let args =
        format!("sweep --device {devices} --out out --models {} {OPTIONS}", slm_testkit::sandbox::TINY);
    Live::start(&stage.sandbox, &args.split(' ').collect::<Vec<_>>())
}

fn of_device(rows: Vec<Row>, device: &str) -> Vec<Row> {
    rows.into_iter().filter(|row| row.get("device") == device).collect()
}

/// Every trial of the plan has one row on each device, its tokens and readings.
fn check_rows(results: &Results, devices: [&str; 2]) {
    let planned: BTreeSet<String> = results.planned().into_keys().collect();
    assert_eq!(results.trials().len(), 2 * planned.len());
    for device in devices {
        let trials = of_device(results.trials(), device);
        assert_eq!(trials.iter().map(|row| row.get("trial_id").to_owned()).collect::<BTreeSet<_>>(), planned);
        let mut tokens: BTreeMap<String, usize> = BTreeMap::new();
        for row in of_device(results.csv("tokens.csv"), device) {
            *tokens.entry(row.get("trial_id").to_owned()).or_default() += 1;
        }
        let completed = trials.iter().filter(|row| row.is_completed());
        let expected: BTreeMap<String, usize> =
            completed.map(|row| (row.get("trial_id").to_owned(), 60)).collect();
        assert_eq!(tokens, expected, "{device}");
        assert!(!of_device(results.csv("telemetry.csv"), device).is_empty(), "{device}");
    }
}

#[test]
#[ignore = "needs the test phone"]
fn two_phones_measure_at_once_into_one_folder() {
    let (stage, second) = two_phones();
    let ran = start(&stage, "s24,s24+").wait();
    let stderr = stage.stderr();
    assert_eq!(ran.code, Some(0), "{stderr}");
    let results = stage.results();
    check_rows(&results, ["s24", "s24-plus"]);
    assert!(results.trials().iter().all(Row::is_completed));
    // Each phone had an agent of its own, and one did not wait for the other.
    let facts = results.manifest()["devices"].clone();
    let models = [0, 1].map(|n| facts[n]["condition"]["identity"]["model"].clone());
    assert_eq!(models, ["SM-S921B", "SM-S926B"]);
    for phone in [&stage.phone, &second] {
        assert!(phone.disk().join("slm-bench/bin").is_dir(), "{}", phone.serial);
    }
    let [one, other] = ["s24", "s24-plus"].map(|device| of_device(results.trials(), device));
    let times = |rows: &[Row]| {
        let times: BTreeSet<String> = rows.iter().map(|row| row.get("started_at").to_owned()).collect();
        (times.first().cloned(), times.last().cloned())
    };
    let ((begin_one, end_one), (begin_other, end_other)) = (times(&one), times(&other));
    assert!(begin_one < end_other && begin_other < end_one, "one after the other");
    // A line for each trial that says on which phone.
    let trials = results.planned().len();
    for device in ["s24", "s24-plus"] {
        let lines = stderr
            .lines()
            .filter(|line| line.starts_with('[') && line.contains(&format!("/{}] {device}: ", 2 * trials)));
        assert_eq!(lines.count(), trials, "{device}: {stderr}");
        assert!(ran.stdout.contains(&format!("{device} (")), "{}", ran.stdout);
    }
}

#[test]
#[ignore = "needs the test phone"]
fn a_phone_that_dies_stops_no_other_and_is_finished_when_it_is_back() {
    let (mut stage, second) = two_phones();
    stage.sandbox.variables.push(("SLM_PHONE_PATIENCE", "4s".into()));
    let devices = [&stage.phone, &second].map(|phone| format!("serial:{}", phone.serial));
    let [one, other] = devices.each_ref().map(String::as_str);
    let mut live = start(&stage, "all");
    let measured = |device: &str| of_device(stage.results().torn_csv("trials.csv"), device);
    wait_until("trials of both", || {
        devices.iter().all(|device| measured(device).len() > 2) || live.has_ended()
    });
    second.off();
    let ran = live.wait();
    let stderr = stage.stderr();
    assert_eq!(ran.code, Some(1), "{stderr}");
    assert!(stderr.contains(&format!("{other} was lost")) && stderr.contains("--resume"), "{stderr}");
    let before = measured(one);
    assert_eq!(before.len(), stage.results().planned().len(), "the other one measured everything");
    assert!(before.iter().all(Row::is_completed), "{before:?}");
    let (kept, lost): (Vec<Row>, Vec<Row>) = measured(other).into_iter().partition(Row::is_completed);
    assert!(!kept.is_empty() && lost.iter().all(|row| row.get("failure") == "device-lost"), "{lost:?}");

    second.on();
    let ran = stage.resume();
    // The trial at hand died with its phone, so that it has a row of its own; the next resumption measures it.
    assert!(ran.code == Some(0) || ran.code == Some(1), "{}", stage.stderr());
    let results = stage.results();
    check_rows(&results, [one, other]);
    let failed: Vec<Row> = results.trials().into_iter().filter(|row| !row.is_completed()).collect();
    assert!(failed.len() <= 1 && failed.iter().all(|row| row.get("failure") == "device-lost"), "{failed:?}");
    let after = results.trials();
    assert_kept(&before, &after);
    assert_kept(&kept, &after);
    assert_eq!(stage.resume().code, Some(0), "{}", stage.stderr());
    check_rows(&results, [one, other]);
    assert!(results.trials().iter().all(Row::is_completed));
}
