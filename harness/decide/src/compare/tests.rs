use super::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use slm_results::read::{Cell, Context, Estimate, Key, Metric};
use std::collections::BTreeMap;

/// Metrics of the simulations; memory hardly varies.
const METRICS: [Metric; 4] = [Metric::Itps, Metric::Otps, Metric::Ttft, Metric::Runtime];
const PROMPTS: u32 = 5;

/// How figures vary on a simulated device: standard deviations of logarithms.
#[derive(Clone, Copy)]
struct Device {
    /// From one sweep to the next, the same for all cells: it drifts.
    sweep: f64,
    /// From one process to the next.
    run: f64,
    /// From trial to trial.
    trial: f64,
}

/// About what fresh processes on an idle server showed (docs/comparisons.md).
const SERVER: Device = Device { sweep: 0.015, run: 0.04, trial: 0.05 };

fn key(context: u8) -> Key {
    Key {
        device: "local".into(),
        backend: "llama.cpp".into(),
        model: format!("m{}", context / 6),
        weights: "synthetic".into(),
        quant: "q4_0".into(),
        variant: None,
        context: Context::Chunks(context % 6),
    }
}

/// About normal: the sum of twelve uniform variables.
fn noise(deviation: f64, rng: &mut ChaCha8Rng) -> f64 {
    deviation * ((0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0)
}

/// A sweep of so many cells and runs on a device, whose rates are multiplied by `speed`.
fn drawn(device: Device, cells: u8, runs: u32, speed: f64, rng: &mut ChaCha8Rng) -> Side {
    let mut side = Side { name: "drawn".into(), ..Side::default() };
    let sweep = noise(device.sweep, rng);
    for context in 0..cells {
        let mut trials = CellTrials::default();
        for metric in METRICS {
            let factor = if metric.more_is_better() { speed } else { 1.0 / speed };
            for run in 1..=runs {
                let of_run = sweep + noise(device.run, rng);
                for prompt in 0..PROMPTS {
                    let id = format!("r{prompt}");
                    side.prompts.insert(id.clone(), id.clone());
                    // Prompts differ in length, hence in their figures.
                    let centre = 100.0 * (f64::from(prompt) + 1.0) * factor;
                    let value = centre * (of_run + noise(device.trial, rng)).exp();
                    trials.add_value(&id, metric, run, value);
                }
            }
        }
        let figure = |metric| {
            let found = trials.run_mean(metric, None)?;
            Some(Estimate { mean: found.mean, interval: found.interval() })
        };
        side.cells.push(Cell {
            itps: figure(Metric::Itps),
            otps: figure(Metric::Otps),
            ttft_s: figure(Metric::Ttft),
            runtime_s: figure(Metric::Runtime),
            n_runs: Some(runs),
            ..cell(context)
        });
        side.trials.insert(key(context), trials);
    }
    side
}

/// A cell without figures.
fn cell(context: u8) -> Cell {
    Cell {
        key: key(context),
        soc: None,
        params: Some(125_000_000),
        n_planned: Some(25),
        n_completed: Some(25),
        n_valid: Some(25),
        n_runs: None,
        failure: None,
        n_in: Some(200.0),
        n_out: Some(64.0),
        itps: None,
        otps: None,
        ttft_s: None,
        runtime_s: None,
        rss_peak_mib: None,
        model_mib: None,
        kv_cache_mib: None,
        compute_mib: None,
        energy_j_per_token: None,
    }
}

/// What became of many pairs of sweeps.
#[derive(Debug, Default)]
struct Found {
    pairs: usize,
    pairs_with_a_call: usize,
    figures: usize,
    called: usize,
    no_change: usize,
    covered: usize,
}

fn simulate(device: Device, cells: u8, pairs: usize, runs: u32, speed: f64, seed: u64) -> Found {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut found = Found { pairs, ..Found::default() };
    for _ in 0..pairs {
        let baseline = drawn(device, cells, runs, 1.0, &mut rng);
        let candidate = drawn(device, cells, runs, speed, &mut rng);
        let comparison = compare(&baseline, &candidate, &Options::default()).unwrap();
        let called = comparison.count(Verdict::Regressed) + comparison.count(Verdict::Improved);
        found.pairs_with_a_call += usize::from(called > 0);
        found.called += called;
        found.no_change += comparison.count(Verdict::NoChange);
        for ratio in comparison.ratios() {
            let truth = if ratio.metric.more_is_better() { speed } else { 1.0 / speed };
            found.figures += 1;
            found.covered += usize::from(ratio.interval.is_some_and(|i| i.low <= truth && truth <= i.high));
        }
    }
    found
}

#[test]
fn equal_sweeps_are_called_different_in_at_most_5_percent() {
    for runs in [3, 5] {
        let found = simulate(SERVER, 6, 500, runs, 1.0, 6);
        assert!(found.pairs_with_a_call * 20 <= found.pairs, "{found:?}");
    }
    // Without drift, the intervals hold what they say.
    let steady = simulate(Device { sweep: 0.0, ..SERVER }, 6, 500, 5, 1.0, 7);
    let coverage = steady.covered as f64 / steady.figures as f64;
    assert!((0.94..0.97).contains(&coverage), "{coverage} of intervals cover");
}

#[test]
fn a_quarter_slower_is_found() {
    let found = simulate(SERVER, 6, 40, 5, 0.75, 8);
    assert!(found.called * 10 > found.figures * 9, "{found:?}");
}

/// Prints the table of docs/comparisons.md: `cargo test --release -p slm-decide
/// table_of_the_docs -- --ignored --nocapture`.
#[test]
#[ignore = "prints a table"]
#[expect(clippy::print_stdout, reason = "that is what it is for")]
fn table_of_the_docs() {
    for cells in [6, 24] {
        for (speed, pairs) in [(1.0, 1000), (0.95, 200), (0.90, 200), (0.75, 200)] {
            for runs in [3, 5, 10] {
                let found = simulate(SERVER, cells, pairs, runs, speed, 9);
                let share = |part: usize, of: usize| 100.0 * part as f64 / of as f64;
                println!(
                    "| {cells} | {runs} | {:+.0} % | {pairs} | {:.1} % | {:.1} % | {:.0} % | {:.1} % |",
                    100.0 * (speed - 1.0),
                    share(found.pairs_with_a_call, found.pairs),
                    share(found.called, found.figures),
                    share(found.no_change, found.figures),
                    share(found.covered, found.figures)
                );
            }
        }
    }
}

#[test]
fn one_run_cannot_be_tested_and_fails_the_gate() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (baseline, candidate) = (drawn(SERVER, 1, 1, 1.0, &mut rng), drawn(SERVER, 1, 5, 0.5, &mut rng));
    let found = compare(&baseline, &candidate, &Options::default()).unwrap();
    assert_eq!((found.count(Verdict::Untestable), found.tests), (4, 0));
    let gate = Gate { allow_missing: false, allow_untestable: false, must_detect: 0.25, min_valid: 0.5 };
    assert!(gate.reasons(&found)[0].contains("cannot be tested"));
    assert!(Gate { allow_untestable: true, ..gate }.reasons(&found).is_empty());
}

#[test]
fn half_the_speed_is_found_with_three_runs_among_a_thousand_tests() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut side = |speed| {
        let mut all = Side::default();
        for model in 0..42 {
            let one = drawn(SERVER, 6, 3, speed, &mut rng);
            all.prompts = one.prompts.clone();
            for mut cell in one.cells {
                let trials = one.trials[&cell.key].clone();
                cell.key.model = format!("m{model}");
                all.trials.insert(cell.key.clone(), trials);
                all.cells.push(cell);
            }
        }
        all
    };
    let found = compare(&side(1.0), &side(0.5), &Options::default()).unwrap();
    assert_eq!(found.tests, 1008);
    let called = found.count(Verdict::Regressed);
    assert!(called > 1000, "{called}");
}

#[test]
fn a_gate_stays_shut_where_it_cannot_tell() {
    let gate = Gate { allow_missing: false, allow_untestable: false, must_detect: 0.25, min_valid: 0.5 };
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let baseline = drawn(SERVER, 3, 5, 1.0, &mut rng);
    let mut candidate = drawn(SERVER, 3, 5, 1.0, &mut rng);
    let reasons = |candidate: &Side, gate: Gate| {
        gate.reasons(&compare(&baseline, candidate, &Options::default()).unwrap()).join("; ")
    };
    assert_eq!(reasons(&candidate, gate), "");
    candidate.cells[0].n_valid = Some(5);
    assert!(reasons(&candidate, gate).contains("1 cell has fewer than 50 % valid trials"));
    candidate.cells[1].otps = None;
    candidate.cells.pop();
    let said = reasons(&candidate, gate);
    assert!(said.contains("not compared: m0 at 2 chunks and 1 more"), "{said}");
    let lenient = Gate { allow_missing: true, min_valid: 0.0, ..gate };
    assert_eq!(reasons(&candidate, lenient), "");
    let noisy = drawn(Device { run: 0.3, ..SERVER }, 3, 3, 1.0, &mut rng);
    assert!(reasons(&noisy, gate).contains("would have hidden a change of 25 %"));
}

#[test]
fn other_threads_get_no_verdict_unless_that_was_meant() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let side = |threads: &str, rng: &mut ChaCha8Rng| {
        let mut side = drawn(SERVER, 1, 5, 1.0, rng);
        for trials in side.trials.values_mut() {
            trials.settings.insert(Setting::Threads, [threads.to_owned()].into());
        }
        side
    };
    let (one, two) = (side("1", &mut rng), side("2", &mut rng));
    let found = compare(&one, &two, &Options::default()).unwrap();
    assert_eq!(found.count(Verdict::Refused), 4);
    assert_eq!(found.rows[0].refusal.as_deref(), Some("threads 1 against 2"));
    let meant = Options { across: [Setting::Threads].into(), ..Options::default() };
    assert_eq!(compare(&one, &two, &meant).unwrap().count(Verdict::Refused), 0);
}

#[test]
fn noise_may_be_given_or_measured() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let quiet = Device { sweep: 0.0, run: 0.002, trial: 0.002 };
    let (one, other) = (drawn(quiet, 1, 5, 1.0, &mut rng), drawn(quiet, 1, 5, 0.96, &mut rng));
    let count = |noise| {
        let options = Options { noise, ..Options::default() };
        compare(&one, &other, &options).unwrap().count(Verdict::Regressed)
    };
    assert_eq!(count(NoiseChoice::Assumed), 0);
    assert_eq!(count(NoiseChoice::Given(0.01)), 4);
    // scipy.stats.t.ppf(0.975, 11) = 2.20098516.
    let measured = Noise::measured(0.003, 11);
    assert!((measured.value - (2.200_985_16 * 2f64.sqrt() * 0.003).exp_m1()).abs() < 1e-7);
    let history = BTreeMap::from([(Metric::Itps, measured), (Metric::Otps, measured)]);
    assert_eq!(count(NoiseChoice::History(history)), 2);
}

#[test]
fn a_new_size_stands_between_its_neighbours() {
    let side = |sizes: &[(u64, f64)]| {
        let cells = sizes.iter().map(|&(params, itps)| {
            let mut cell = cell(1);
            cell.key.model = format!("size-{params}");
            Cell { params: Some(params), itps: Some(Estimate { mean: itps, interval: None }), ..cell }
        });
        Side { cells: cells.collect(), ..Side::default() }
    };
    let options = Options { against_all: true, ..Options::default() };
    let found =
        compare(&side(&[(400, 25.0), (100, 100.0), (900, 9.0)]), &side(&[(200, 40.0)]), &options).unwrap();
    assert_eq!(found.rows.len(), 3);
    assert_eq!(found.rows[0].baseline.params, Some(100));
    let place = &found.placements[0];
    assert_eq!((place.below.as_ref().unwrap().params, place.above.as_ref().unwrap().params), (100, 400));
    assert!((place.expected.unwrap() - 50.0).abs() < 1e-9);
    let alone =
        compare(&side(&[(100, 1.0)]), &side(&[(200, 1.0)]), &Options::default()).unwrap_err().to_string();
    assert!(alone.starts_with("nothing to compare") && alone.contains("--against-all"), "{alone}");
}

#[test]
fn summaries_with_intervals_are_tested_by_them() {
    let side = |mean: f64| {
        let interval = Some(slm_stats::Interval { low: 0.99 * mean, high: 1.01 * mean });
        Side { cells: vec![Cell { itps: Some(Estimate { mean, interval }), ..cell(1) }], ..Side::default() }
    };
    let ratio = compare(&side(100.0), &side(80.0), &Options::default()).unwrap().rows[0].ratios[0].clone();
    assert_eq!((ratio.basis, ratio.verdict), (Basis::Intervals, Verdict::Regressed));
    assert!((ratio.ratio - 0.8).abs() < 1e-12);
}
