//! The faults that are planted.

use crate::recording::Recording;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::ops::Range;

/// A fault.
pub(crate) struct Plant {
    /// What it is.
    pub(crate) name: &'static str,
    /// What is done to the whole recording first.
    pub(crate) prepare: fn(&mut Recording, &mut ChaCha8Rng),
    /// What is done to a trial, by its index in the plan.
    pub(crate) fault: fn(&mut Recording, usize, &mut ChaCha8Rng),
    /// Words of the reasons that name it.
    pub(crate) words: &'static [&'static str],
    /// Of twenty trials so many must be marked for it.
    pub(crate) at_least: usize,
    /// Only trials that took so many milliseconds.
    pub(crate) took_ms: Range<u64>,
}

const PLANT: Plant =
    Plant { name: "", prepare: nothing, fault: |_, _, _| (), words: &[], at_least: 20, took_ms: 0..u64::MAX };

/// The clock: what is reported is not what passed.
const CLOCK: &[&str] = &["its times account for"];
/// The work: it was not done, and all clocks agree.
const WORK: &[&str] =
    &["GB/s where this machine", "Gop/s where this machine", "times as fast as in other trials"];
const ORDER: &[&str] = &["out of order"];
const NOT_REPORTED: &[&str] = &["not reported"];
const MAXIMUM: &[&str] = &["that they can hold"];

macro_rules! faster {
    ($(($name:literal, $part:ident, $factor:literal, $clock:literal, $words:ident, $at_least:literal)),* $(,)?) => {
        [$(Plant {
            name: $name,
            fault: |recording, trial, rng| {
                let factor = $factor * (1.0 + 0.02 * (rng.random::<f64>() - 0.5));
                $part(recording.report(trial), factor, $clock);
            },
            words: $words,
            at_least: $at_least,
            ..PLANT
        }),*]
    };
}

const FASTER: [Plant; 18] = faster![
    ("decode reported 1.5 times too fast", decode, 1.5, true, CLOCK, 20),
    ("decode reported 2 times too fast", decode, 2.0, true, CLOCK, 20),
    ("decode reported 3 times too fast", decode, 3.0, true, CLOCK, 20),
    ("decode reported 4 times too fast", decode, 4.0, true, CLOCK, 20),
    ("decode reported 5 times too fast", decode, 5.0, true, CLOCK, 20),
    ("prefill reported 2 times too fast", prefill, 2.0, true, CLOCK, 20),
    ("prefill reported 10 times too fast", prefill, 10.0, true, CLOCK, 20),
    ("prefill reported 100 times too fast", prefill, 100.0, true, CLOCK, 20),
    ("times reported 1.5 times too long", decode, 0.666, true, CLOCK, 20),
    ("work left out: decode 1.5 times faster", decode, 1.5, false, WORK, 14),
    ("work left out: decode 2 times faster", decode, 2.0, false, WORK, 19),
    ("work left out: decode 3 times faster", decode, 3.0, false, WORK, 20),
    ("work left out: decode 4 times faster", decode, 4.0, false, WORK, 20),
    ("work left out: decode 5 times faster", decode, 5.0, false, WORK, 20),
    ("work left out: prefill 2 times faster", prefill, 2.0, false, WORK, 18),
    ("work left out: prefill 4 times faster", prefill, 4.0, false, WORK, 20),
    ("work left out: prefill 10 times faster", prefill, 10.0, false, WORK, 20),
    ("work left out: prefill 100 times faster", prefill, 100.0, false, WORK, 20),
];

const OTHERS: [Plant; 16] = [
    Plant {
        name: "two token times swapped",
        fault: |recording, trial, rng| {
            let tokens = tokens(recording.report(trial));
            let at = rng.random_range(0..tokens.len() - 1);
            tokens.swap(at, at + 1);
        },
        words: ORDER,
        ..PLANT
    },
    Plant {
        name: "prefill ends after the first token",
        fault: |recording, trial, rng| {
            let report = recording.report(trial);
            let first = ns(&tokens(report)[0]);
            report["times"]["prefill_end_ns"] = json!(first + rng.random_range(1..2_000_000));
        },
        words: ORDER,
        ..PLANT
    },
    Plant {
        name: "prefill begins before the request",
        fault: |recording, trial, rng| {
            let times = &mut recording.report(trial)["times"];
            times["prefill_start_ns"] = json!(ns(&times["request_ns"]) - rng.random_range(1..2_000_000));
        },
        words: ORDER,
        ..PLANT
    },
    Plant {
        name: "contention unknown",
        fault: |recording, trial, _| {
            recording.report(trial)["contention"] =
                json!({"other_cpu_s": null, "run_delay_s": null, "load_average": null});
        },
        words: NOT_REPORTED,
        ..PLANT
    },
    Plant {
        name: "evaluated tokens unknown",
        fault: |recording, trial, _| recording.report(trial)["n_evaluated"] = Value::Null,
        words: NOT_REPORTED,
        ..PLANT
    },
    Plant {
        name: "fewer tokens evaluated than the prompt has",
        fault: |recording, trial, rng| {
            let report = recording.report(trial);
            let n_in = report["n_in"].as_u64().unwrap();
            report["n_evaluated"] = json!(rng.random_range(1..n_in));
        },
        words: &["but the engine evaluated"],
        ..PLANT
    },
    Plant {
        name: "output ends early",
        fault: |recording, trial, rng| {
            let report = recording.report(trial);
            let keep = rng.random_range(2..60);
            tokens(report).truncate(keep);
            report["output"]["n_out"] = json!(keep);
        },
        words: &["without an end token"],
        ..PLANT
    },
    Plant {
        name: "logits not finite",
        fault: |recording, trial, _| recording.report(trial)["output"]["logits_finite"] = json!(false),
        words: &["logits were not finite"],
        ..PLANT
    },
    Plant {
        name: "a neighbour on the cores",
        fault: |recording, trial, rng| {
            let share = rng.random_range(0.15..1.5);
            let report = recording.report(trial);
            let seconds = report["elapsed_ns"].as_u64().unwrap() as f64 / 1e9;
            report["contention"]["other_cpu_s"] = json!((share * seconds).max(0.06));
        },
        words: &["other processes used"],
        ..PLANT
    },
    Plant {
        name: "the device slept for a while",
        fault: |recording, trial, rng| {
            let report = recording.report(trial);
            let elapsed = report["elapsed_ns"].as_u64().unwrap();
            report["elapsed_ns"] = json!(elapsed + rng.random_range(100_000_000..60_000_000_000));
        },
        words: CLOCK,
        ..PLANT
    },
    Plant {
        name: "throttled, in trials of 0.15 to 1 s",
        prepare: idle_clocks,
        fault: |recording, trial, rng| {
            let share = rng.random_range(0.5..0.8);
            slow_clock(recording, trial, share);
        },
        words: &["MHz of before"],
        took_ms: 150..1000,
        ..PLANT
    },
    Plant {
        name: "slow from the start",
        prepare: low_clocks,
        words: MAXIMUM,
        took_ms: 150..u64::MAX,
        ..PLANT
    },
    Plant {
        name: "clocks limited from the start",
        prepare: |recording, rng| clocks(recording, rng, 0.88, 0.88),
        words: MAXIMUM,
        took_ms: 150..u64::MAX,
        ..PLANT
    },
    Plant {
        name: "a prefill that took no time",
        fault: |recording, trial, _| {
            let times = &mut recording.report(trial)["times"];
            times["prefill_end_ns"] = times["prefill_start_ns"].clone();
        },
        words: &["its prefill took no time"],
        ..PLANT
    },
    Plant {
        name: "tokens in one burst",
        fault: |recording, trial, rng| {
            let tokens = tokens(recording.report(trial));
            let from = rng.random_range(1..40);
            let at = tokens[from + 20].clone();
            tokens[from..from + 20].fill(at);
        },
        words: &["tokens came at the same time"],
        ..PLANT
    },
    Plant {
        name: "the prefill's end is missing",
        fault: |recording, trial, _| recording.report(trial)["times"]["prefill_end_ns"] = Value::Null,
        words: NOT_REPORTED,
        ..PLANT
    },
];

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Plant> {
    FASTER.iter().chain(&OTHERS)
}

/// Changes nothing.
pub(crate) fn nothing(_: &mut Recording, _: &mut ChaCha8Rng) {}

fn ns(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn tokens(report: &mut Value) -> &mut Vec<Value> {
    report["times"]["tokens_ns"].as_array_mut().unwrap()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times of seconds")]
fn shorter(ns: u64, factor: f64) -> u64 {
    (ns as f64 / factor) as u64
}

/// Makes decoding so many times faster, and with it the clock around the loop unless that is to notice.
fn decode(report: &mut Value, factor: f64, clock_notices: bool) {
    let tokens = tokens(report);
    let first = ns(&tokens[0]);
    let last = ns(&tokens[tokens.len() - 1]);
    for token in tokens.iter_mut() {
        *token = json!(first + shorter(ns(token) - first, factor));
    }
    let end = ns(&report["times"]["end_ns"]);
    let won = (last - first).wrapping_sub(shorter(last - first, factor));
    report["times"]["end_ns"] = json!(end.wrapping_sub(won));
    if !clock_notices {
        report["elapsed_ns"] = json!(ns(&report["elapsed_ns"]).wrapping_sub(won));
    }
}

/// Makes the prefill so many times faster, in the same way.
fn prefill(report: &mut Value, factor: f64, clock_notices: bool) {
    let (start, end) = (ns(&report["times"]["prefill_start_ns"]), ns(&report["times"]["prefill_end_ns"]));
    let won = (end - start) - shorter(end - start, factor);
    for token in tokens(report) {
        *token = json!(ns(token) - won);
    }
    for time in ["prefill_end_ns", "end_ns"] {
        report["times"][time] = json!(ns(&report["times"][time]) - won);
    }
    if !clock_notices {
        report["elapsed_ns"] = json!(ns(&report["elapsed_ns"]) - won);
    }
}

const MAX_MHZ: f64 = 2900.0;

/// Gives the machine a cluster whose clock goes up, with a governor's noise, in every trial.
pub(crate) fn idle_clocks(recording: &mut Recording, rng: &mut ChaCha8Rng) {
    clocks(recording, rng, 1.0, 1.0);
}

/// The same with clocks that are low in every trial.
pub(crate) fn low_clocks(recording: &mut Recording, rng: &mut ChaCha8Rng) {
    let share = rng.random_range(0.5..0.8);
    clocks(recording, rng, share, 1.0);
}

/// The same at a share of the clock, under a limit.
fn clocks(recording: &mut Recording, rng: &mut ChaCha8Rng, share: f64, limit: f64) {
    for event in recording.events().filter(|event| event["type"] == "agent-started") {
        event["facts"]["machine"]["clusters"] =
            json!([{"cpus": "0-1", "max_khz": 2_900_000, "held_khz": 2_900_000}]);
    }
    recording.insert(|event| {
        if event["type"] != "trial-finished" {
            return (Vec::new(), Vec::new());
        }
        (samples(&event["report"], rng, share, limit), Vec::new())
    });
}

/// The clocks of a trial as the agent reads them: every 50 ms in the first second, then every second.
fn samples(report: &Value, rng: &mut ChaCha8Rng, share: f64, limit: f64) -> Vec<Value> {
    let (started, ms) = (ns(&report["started_unix_ns"]), ns(&report["elapsed_ns"]) / 1_000_000);
    let mut events = Vec::new();
    let mut push = |at: u64, sensor: &str, value: f64, unit: &str| {
        let sample = json!({"unix_ns": started + at * 1_000_000, "trial_id": report["trial_id"], "sensor": sensor,
                            "value": value, "unit": unit});
        events.push(json!({"type": "telemetry", "device": "local", "sample": sample}));
    };
    push(0, "cpu0-1-limit", MAX_MHZ * limit, "MHz");
    push(0, "cpu0-1-frequency", 800.0, "MHz");
    let moments = (50..1000).step_by(50).chain((2000..).step_by(1000)).take_while(|at| *at < ms);
    for at in moments.chain([ms.max(1)]) {
        let risen = if at <= 100 { rng.random_range(0.4..0.9) } else { rng.random_range(0.97..=1.0) };
        push(at, "cpu0-1-residency", MAX_MHZ * share * risen, "MHz");
        push(at, "cpu0-1-busy", rng.random_range(1.7..2.0), "CPU");
    }
    events
}

/// Lowers the clock of one trial.
fn slow_clock(recording: &mut Recording, trial: usize, share: f64) {
    let id = recording.trial_id(trial).to_owned();
    for event in recording.events() {
        let sample = &mut event["sample"];
        if sample["trial_id"] == id.as_str() && sample["sensor"] == "cpu0-1-residency" {
            sample["value"] = json!(sample["value"].as_f64().unwrap() * share);
        }
    }
}

/// Puts the probes of an idle device around each run: compute within 0.1 %, memory within 15 %.
pub(crate) fn idle_probes(recording: &mut Recording, rng: &mut ChaCha8Rng) {
    let mut probe = |model: &Value, moment: &str| {
        let compute = 945e9 * rng.random_range(0.999..1.001);
        let probe = json!({"moment": moment, "threads": 2, "kernel": "avx512-vnni", "ops_per_s": compute,
            "peak_ops_per_s": 945.8e9, "bytes_per_s": 28e9 * rng.random_range(0.85..1.15),
            "buffer_bytes": 134_217_728, "took_ns": 200_000_000});
        json!({"type": "probed", "device": "local", "model": model, "probe": probe})
    };
    let mut last = Value::Null;
    recording.insert(|event| match event["type"].as_str() {
        Some("agent-started") if last != Value::Null => (vec![probe(&last, "end")], Vec::new()),
        Some("model-ready") => {
            last = event["model"].clone();
            (Vec::new(), vec![probe(&last, "start")])
        }
        Some("ended") => (vec![probe(&last, "end")], Vec::new()),
        _ => (Vec::new(), Vec::new()),
    });
}

/// Slows the device down in the run of a model.
pub(crate) fn slow_run(recording: &mut Recording, model: usize, rng: &mut ChaCha8Rng) {
    let share = rng.random_range(0.6..0.85);
    for event in
        recording.events().filter(|event| event["type"] == "probed" && event["model"] == json!(model))
    {
        let ops = &mut event["probe"]["ops_per_s"];
        *ops = json!(ops.as_f64().unwrap() * share);
    }
}
