use super::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use slm_results::read::{Cell, Context, Estimate, Key, Metric};
use std::collections::BTreeMap;

/// Metrics of the simulations; memory hardly varies.
const METRICS: [Metric; 4] = [Metric::Itps, Metric::Otps, Metric::Ttft, Metric::Runtime];
const PROMPTS: usize = 5;

/// Trials to resample: by context, prompt and metric, relative to the prompt's mean.
type Pool = Vec<Vec<BTreeMap<Metric, Vec<f64>>>>;

/// A pool with the dispersion chosen to be like that of sweeps on a quiet machine: rates vary by
/// 1 to 6 % from trial to trial, skewed towards slow trials, some far out.
fn pool(rng: &mut ChaCha8Rng, contexts: usize) -> Pool {
    let mut trial = |spread: f64| {
        let slow = if rng.random::<f64>() < 0.05 { 4.0 * spread * rng.random::<f64>() } else { 0.0 };
        let around: f64 = (0..6).map(|_| rng.random::<f64>() - 0.5).sum::<f64>() * spread * 1.4;
        (around - slow).exp()
    };
    let mut prompt = |spread: f64| {
        let trials = |metric: Metric, trial: &mut dyn FnMut(f64) -> f64| {
            let spread = if metric == Metric::Otps { 0.5 * spread } else { spread };
            (0..10)
                .map(|_| if metric.more_is_better() { trial(spread) } else { 1.0 / trial(spread) })
                .collect()
        };
        METRICS.into_iter().map(|metric| (metric, trials(metric, &mut trial))).collect()
    };
    (0..contexts).map(|i| (0..PROMPTS).map(|_| prompt([0.01, 0.02, 0.03, 0.06][i % 4])).collect()).collect()
}

fn key(context: usize) -> Key {
    Key {
        device: "local".into(),
        backend: "llama.cpp".into(),
        model: format!("m{}", context / 6),
        weights: "synthetic".into(),
        quant: "q4_0".into(),
        context: Context::Chunks(u8::try_from(context % 6).unwrap()),
    }
}

/// A sweep drawn from the pool, its rates multiplied by `speed`.
fn drawn(pool: &Pool, repetitions: usize, speed: f64, rng: &mut ChaCha8Rng) -> Side {
    let mut side = Side { name: "drawn".into(), ..Side::default() };
    for (context, prompts) in pool.iter().enumerate() {
        let mut trials = CellTrials::default();
        for (index, metrics) in prompts.iter().enumerate() {
            let id = format!("r{index}");
            side.prompts.insert(id.clone(), id.clone());
            let prompt = trials.prompts.entry(id).or_default();
            for (&metric, values) in metrics {
                let factor = if metric.more_is_better() { speed } else { 1.0 / speed };
                // Prompts differ in length, hence in their figures.
                let centre = 100.0 * (index as f64 + 1.0) * factor;
                let draw = |_| centre * values[rng.random_range(0..values.len())];
                prompt.insert(metric, (0..repetitions).map(draw).collect());
            }
        }
        let figure = |metric| {
            let values = trials.all_logs(metric);
            Some(Estimate { mean: (values.iter().sum::<f64>() / values.len() as f64).exp(), interval: None })
        };
        side.cells.push(Cell {
            itps: figure(Metric::Itps),
            otps: figure(Metric::Otps),
            ttft_s: figure(Metric::Ttft),
            runtime_s: figure(Metric::Runtime),
            ..cell(context)
        });
        side.trials.insert(key(context), trials);
    }
    side
}

/// A cell without figures.
fn cell(context: usize) -> Cell {
    Cell {
        key: key(context),
        soc: None,
        params: Some(125_000_000),
        n_planned: Some(15),
        n_completed: Some(15),
        n_valid: Some(15),
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

fn simulate(pool: &Pool, pairs: usize, repetitions: usize, speed: f64, seed: u64) -> Found {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut found = Found { pairs, ..Found::default() };
    for pair in 0..pairs {
        let (b, c) = (drawn(pool, repetitions, 1.0, &mut rng), drawn(pool, repetitions, speed, &mut rng));
        let options = Options { seed: pair as u64, ..Options::default() };
        let comparison = compare(&b, &c, &options).unwrap();
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
    let pool = pool(&mut ChaCha8Rng::seed_from_u64(5), 6);
    let found = simulate(&pool, 500, 3, 1.0, 6);
    assert!(found.pairs_with_a_call * 20 <= found.pairs, "{found:?}");
    let coverage = found.covered as f64 / found.figures as f64;
    assert!((0.935..0.97).contains(&coverage), "{coverage} of intervals cover");
}

#[test]
fn a_tenth_slower_is_found() {
    let pool = pool(&mut ChaCha8Rng::seed_from_u64(5), 6);
    let found = simulate(&pool, 20, 3, 0.90, 7);
    assert!(found.called * 10 > found.figures * 7, "{found:?}");
    assert_eq!(found.pairs_with_a_call, found.pairs);
}

/// Prints the table of docs/comparisons.md: `cargo test --release -p slm-decide
/// table_of_the_docs -- --ignored --nocapture`; `SLM_POOL` names a sweep whose
/// trials are the pool instead.
#[test]
#[ignore = "prints a table"]
#[expect(clippy::print_stdout, reason = "that is what it is for")]
fn table_of_the_docs() {
    let synthetic = |contexts, seed| pool(&mut ChaCha8Rng::seed_from_u64(seed), contexts);
    let pools = match std::env::var("SLM_POOL") {
        Ok(path) => vec![("SLM_POOL".to_owned(), real_pool(&path))],
        Err(_) => vec![
            ("synthetic, 6 cells".to_owned(), synthetic(6, 5)),
            ("synthetic, 24 cells".to_owned(), synthetic(24, 8)),
        ],
    };
    for (name, pool) in pools {
        for (speed, pairs) in [(1.0, 500), (0.97, 50), (0.95, 50), (0.90, 50)] {
            for repetitions in [3, 10] {
                let found = simulate(&pool, pairs, repetitions, speed, 9);
                let share = |n: usize, of: usize| 100.0 * n as f64 / of as f64;
                println!(
                    "{name} | {repetitions} | {:+.0} % | {:.1} % pairs | {:.1} % figures | {:.1} % no change | {:.1} % cover",
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

/// Each prompt's trials relative to their geometric mean, so that the truth is known.
fn real_pool(path: &str) -> Pool {
    let side = Side::read(std::path::Path::new(path)).unwrap();
    let relative = |values: &Vec<f64>| {
        let centre = (values.iter().map(|value| value.ln()).sum::<f64>() / values.len() as f64).exp();
        values.iter().map(|value| value / centre).collect()
    };
    let prompt = |metrics: &BTreeMap<Metric, Vec<f64>>| {
        METRICS.iter().map(|metric| (*metric, relative(&metrics[metric]))).collect()
    };
    side.cells.iter().map(|cell| side.trials[&cell.key].prompts.values().map(prompt).collect()).collect()
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
    let ratio = compare(&side(100.0), &side(90.0), &Options::default()).unwrap().rows[0].ratios[0].clone();
    assert_eq!((ratio.basis, ratio.verdict), (Basis::Intervals, Verdict::Regressed));
    assert!((ratio.ratio - 0.9).abs() < 1e-12);
}
