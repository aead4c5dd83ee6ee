//! Guards do what they claim: faults planted into the recorded sweep of `results/example`, each into twenty of
//! its trials, and what the verdicts make of them; and how many trials they doubt without a plant. The table
//! of docs/validity.md comes of `cargo test --release -p slm-sweep --test guards -- --nocapture`.

#![allow(clippy::unwrap_used)] // helpers of tests, outside of test functions
#![expect(clippy::print_stdout, reason = "the table for the documentation")]

mod plants;
mod recording;

use rand::{SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use recording::Recording;
use slm_results::schema::{TrialRow, Verdict};
use std::{collections::HashMap, fmt::Write};

/// Trials that each fault is planted into.
const TRIALS: usize = 20;

#[test]
fn planted_faults_are_marked_for_what_they_are() {
    let recording = Recording::of_example();
    let mut table = String::from("| planted | marked | for the right reason |\n|---|---:|---:|\n");
    let mut missed = Vec::new();
    for (number, plant) in plants::all().enumerate() {
        let mut rng = ChaCha8Rng::seed_from_u64(number as u64);
        let mut planted = recording.clone();
        // At most a quarter of a cell: in a cell that is wrong as a whole nothing stands out.
        let chosen = recording.some_trials(TRIALS, plant.took_ms.clone(), &mut rng);
        (plant.prepare)(&mut planted, &mut rng);
        for &trial in &chosen {
            (plant.fault)(&mut planted, trial, &mut rng);
        }
        let rows: HashMap<String, TrialRow> = planted.rows();
        let reasons: Vec<String> = chosen
            .iter()
            .map(|&trial| {
                let row = &rows[planted.trial_id(trial)];
                assert!(row.verdict.is_some(), "{}: a trial lost its verdict", plant.name);
                let is_valid = row.verdict == Some(Verdict::Valid);
                if is_valid { String::new() } else { row.verdict_reason.clone().unwrap_or_default() }
            })
            .collect();
        let marked = reasons.iter().filter(|reason| !reason.is_empty()).count();
        let right =
            reasons.iter().filter(|reason| plant.words.iter().any(|words| reason.contains(words))).count();
        writeln!(table, "| {} | {marked} of {TRIALS} | {right} |", plant.name).unwrap();
        if right < plant.at_least {
            let of_wrong =
                reasons.iter().find(|reason| !plant.words.iter().any(|words| reason.contains(words)));
            missed.push(format!("{}: {right} of {TRIALS}, such as {of_wrong:?}", plant.name));
        }
    }
    println!("{table}");
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn idle_trials_are_not_doubted() {
    for (what, prepare) in [
        ("as recorded", plants::nothing as fn(&mut Recording, &mut ChaCha8Rng)),
        ("with clocks of an idle phone", plants::idle_clocks),
        ("with probes of an idle device", plants::idle_probes),
    ] {
        let mut recording = Recording::of_example();
        prepare(&mut recording, &mut ChaCha8Rng::seed_from_u64(7));
        let rows = recording.rows();
        let doubted: Vec<&TrialRow> =
            rows.values().filter(|row| row.verdict != Some(Verdict::Valid)).collect();
        println!("{what}: {} of {} idle trials are doubted", doubted.len(), rows.len());
        let reasons: Vec<_> = doubted.iter().map(|row| row.verdict_reason.clone()).collect();
        assert!(100 * doubted.len() <= rows.len(), "{what}: {reasons:#?}");
    }
}

#[test]
fn a_slow_run_is_doubted_as_a_whole_and_the_others_are_not() {
    for seed in 0..20 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut recording = Recording::of_example();
        plants::idle_probes(&mut recording, &mut rng);
        let models: Vec<usize> = recording.models();
        let &slow = models.choose(&mut rng).unwrap();
        plants::slow_run(&mut recording, slow, &mut rng);
        let rows = recording.rows();
        for (trial, row) in &rows {
            let reason = row.verdict_reason.as_deref().unwrap_or_default();
            let is_doubted =
                reason.contains("probe at its begin was") && reason.contains("below the sweep's");
            assert_eq!(is_doubted, recording.model_of(trial) == slow, "{trial}: {reason}");
            assert!(!is_doubted || row.verdict == Some(Verdict::Suspect));
        }
    }
}

/// Verdicts of trials in which all clocks are a quarter below what the cores can hold.
fn doubted_for_clocks(prepare: impl FnOnce(&mut Recording)) -> usize {
    let mut recording = Recording::of_example();
    plants::low_clocks(&mut recording, &mut ChaCha8Rng::seed_from_u64(3));
    prepare(&mut recording);
    let is_doubted =
        |row: &&TrialRow| row.verdict_reason.as_deref().unwrap_or_default().contains("that they can hold");
    recording.rows().values().filter(is_doubted).count()
}

#[test]
fn clocks_that_the_sweep_had_lowered_are_not_doubted_after_a_resume_either() {
    let low = doubted_for_clocks(|_| ());
    assert_eq!(low, 170, "all but those of less than 0.15 s");
    assert_eq!(doubted_for_clocks(|recording| recording.prepare_device(&["fixed-performance"])), 0);
    assert_eq!(doubted_for_clocks(|recording| recording.prepare_device(&["airplane-mode"])), low);
}

#[test]
fn a_probe_on_unequal_cores_doubts_no_run() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut recording = Recording::of_example();
    plants::idle_probes(&mut recording, &mut rng);
    plants::slow_run(&mut recording, 1, &mut rng);
    let doubted = |recording: &Recording| {
        let rows = recording.rows();
        let reasons = rows.values().filter_map(|row| row.verdict_reason.clone());
        reasons.filter(|reason| reason.contains("compute probe")).count()
    };
    assert_eq!(doubted(&recording), 44, "the trials of one of four models");
    recording.unequal_cores();
    assert_eq!(doubted(&recording), 0);
    let rows = recording.rows();
    assert!(rows.values().all(|row| row.not_checked.as_deref() == Some("compute bandwidth clocks")));
}
