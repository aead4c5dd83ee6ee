//! `bench history` as a user sees it: steps with what else changed, drifts, folders that
//! cannot be read.

use serde_json::Value;
use slm_plan::request::ContextLengths;
use slm_testkit::{
    agent::facts,
    dated::write_in_week,
    made::{Figures, Made},
    sandbox::{Ran, Sandbox},
};
use std::{fmt::Write, fs};

/// Twelve weekly sweeps of a device that gets slower by 1 % a week, or from the eighth on by 6 %
/// with a new engine.
fn weekly(drifts: bool) -> Sandbox {
    let sandbox = Sandbox::new();
    for week in 0..12 {
        let is_new = !drifts && week >= 7;
        let speed = if drifts {
            0.99f64.powf(week as f64)
        } else if is_new {
            0.94
        } else {
            1.0
        };
        let made = Made {
            figures: Figures::Steady { speed, seed: week },
            agent: Some(facts(if is_new { "2.0" } else { "1.0" })),
            lengths: ContextLengths::Chunks(vec![0, 2]),
            ..Made::default()
        };
        write_in_week(&made, &sandbox.path(&format!("results/sweep-{week:02}")), week);
    }
    sandbox
}

fn history(sandbox: &Sandbox, args: &str) -> Ran {
    sandbox.bench(&["history"].into_iter().chain(args.split_whitespace()).collect::<Vec<_>>())
}

#[test]
fn a_step_is_told_with_the_engine_that_brought_it() {
    let sandbox = weekly(false);
    let ran = history(&sandbox, "results");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
    insta::assert_snapshot!(ran.stdout);
    let markdown = history(&sandbox, "results --output markdown --metric otps,memory");
    insta::assert_snapshot!("markdown", markdown.stdout);
}

#[test]
fn a_drift_of_1_percent_a_week_is_seen() {
    let ran = history(&weekly(true), "results --metric itps");
    assert_eq!(ran.code, Some(0));
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn equal_sweeps_tell_a_comparison_what_is_noise() {
    let sandbox = Sandbox::new();
    for week in 0..6 {
        let made = Made {
            // What follows from the weather: 0, 2 or 4 %.
            figures: Figures::Steady { speed: 1.0 - 0.02 * (week % 3) as f64, seed: week },
            agent: Some(facts("1.0")),
            ..Made::default()
        };
        write_in_week(&made, &sandbox.path(&format!("results/sweep-{week:02}")), week);
    }
    let compare = |options: &str| {
        let args = ["compare", "results/sweep-00", "results/sweep-02", "--output", "json"];
        sandbox.bench(&args.into_iter().chain(options.split_whitespace()).collect::<Vec<_>>())
    };
    let counts = |ran: &Ran| serde_json::from_str::<Value>(&ran.stdout).unwrap()["counts"].clone();
    let known = compare("--history results --fail-on-regression");
    assert_eq!(known.code, Some(0), "{known:?}");
    assert_eq!(counts(&known)["regressed"], 0);
    let ignored = compare("--noise 1%");
    assert!(counts(&ignored)["regressed"].as_u64().unwrap() > 0, "{}", ignored.stdout);
    let noise = &serde_json::from_str::<Value>(&known.stdout).unwrap()["noise"];
    let measured = noise["otps"]["value"].as_f64().unwrap();
    assert!(measured > 0.03 && measured < 0.08, "{noise}");

    let few = compare("--history results/sweep-00");
    assert_eq!(few.code, Some(2), "{few:?}");
    assert!(few.stderr.contains("too few equal sweeps"), "{}", few.stderr);
}

#[test]
fn json_has_every_point_and_plots_are_written() {
    let sandbox = weekly(false);
    let ran = history(&sandbox, "results/sweep-00 results --output json --plot plots");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "5 plots written to plots\n"));
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((json["format"].as_str(), json["sweeps"].as_array().unwrap().len()), (Some("1.0"), 12));
    let series = json["series"].as_array().unwrap();
    assert_eq!(series.len(), 10);
    assert!(series.iter().all(|series| series["points"].as_array().unwrap().len() == 12));
    assert_eq!(json["events"][0]["sweep"], "sweep-07");
    let mut names = sandbox.names("plots");
    names.sort();
    assert_eq!((names.len(), names[0].as_str()), (10, "itps-history.png"));
}

#[test]
fn what_cannot_be_read_is_named() {
    let sandbox = weekly(false);
    fs::write(sandbox.path("results/sweep-03/summary.csv"), "device\n").unwrap();
    fs::create_dir_all(sandbox.path("results/old/broken")).unwrap();
    fs::write(sandbox.path("results/old/broken/manifest.json"), "{}").unwrap();
    let ran = history(&sandbox, "results --metric itps");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert!(ran.stdout.starts_with("11 sweeps"), "{}", ran.stdout);
    assert!(ran.stdout.contains("! results/old/broken is skipped: "), "{}", ran.stdout);
    assert!(ran.stdout.contains("! results/sweep-03 is skipped: "), "{}", ran.stdout);
    fs::create_dir(sandbox.path("empty")).unwrap();
    fs::write(sandbox.path("file.csv"), "").unwrap();
    let mut all = String::new();
    for args in ["nowhere", "empty", "results/old", "file.csv", "results --metric speed", ""] {
        let ran = history(&sandbox, args);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{args}");
        write!(all, "$ bench history {args}\n{}", sandbox.redact(&ran.stderr)).unwrap();
    }
    insta::assert_snapshot!(all);
}
