use super::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use slm_results::schema::{Status, TrialRow, Verdict};

fn trial(side: &str, prompt: u32, speed: f64) -> TrialRow {
    TrialRow {
        variant: Some(side.to_owned()),
        prompt_id: format!("q{prompt}"),
        status: Status::Completed,
        verdict: Some(Verdict::Valid),
        ttft_s: Some(f64::from(prompt) / speed),
        otps: Some(100.0 * speed),
        itps: Some(1000.0 * speed),
        runtime_s: Some(2.0 * f64::from(prompt) / speed),
        ..TrialRow::default()
    }
}

/// About normal: the sum of twelve uniform variables.
fn noise(deviation: f64, rng: &mut ChaCha8Rng) -> f64 {
    deviation * ((0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0)
}

/// A block on a device that drifts; runs differ by `deviation`, B is `effect` faster.
fn block(drift: f64, effect: f64, deviation: f64, rng: &mut ChaCha8Rng) -> Vec<TrialRow> {
    let sides = [("a", drift + noise(deviation, rng)), ("b", drift + effect + noise(deviation, rng))];
    let side = |(side, log): (&'static str, f64)| (1..=5).map(move |prompt| trial(side, prompt, log.exp()));
    sides.into_iter().flat_map(side).collect()
}

struct Session {
    blocks: usize,
    answer: Answer,
}

/// A session of at most so many blocks, one each unit of time.
fn session(effect: f64, deviation: f64, most: usize, rng: &mut ChaCha8Rng) -> Session {
    let mut test = AbTest::new(0.03);
    let mut drift = 0.0;
    for blocks in 1..=most {
        drift = 0.9 * drift + noise(0.02, rng);
        let rows = block(drift, effect, deviation, rng);
        test.add_block(&rows.iter().collect::<Vec<_>>(), blocks as f64 / most as f64);
        if test.is_decided() || blocks == most {
            let answer = test.looks().find(|look| look.is_tested).map_or(Answer::Open, |look| look.answer);
            return Session { blocks, answer };
        }
    }
    Session { blocks: most, answer: Answer::Open }
}

#[derive(Debug, Default)]
struct Found {
    called: usize,
    unchanged: usize,
    open: usize,
    blocks: Vec<f64>,
}

fn simulate(effect: f64, sessions: usize, most: usize, seed: u64) -> Found {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut found = Found::default();
    for _ in 0..sessions {
        let Session { blocks, answer } = session(effect, 0.033, most, &mut rng);
        found.blocks.push(blocks as f64);
        match answer {
            Answer::Improved | Answer::Regressed => found.called += 1,
            Answer::Unchanged => found.unchanged += 1,
            Answer::Open => found.open += 1,
        }
    }
    found
}

#[test]
fn equal_settings_are_called_different_in_at_most_5_percent() {
    let found = simulate(0.0, 300, 60, 1);
    assert!(found.called * 20 <= 300, "{found:?}");
    assert!(found.unchanged > 150, "{found:?}");
}

#[test]
fn a_twentieth_is_found_and_ends_the_session_early() {
    let found = simulate(0.05, 100, 100, 2);
    assert!(found.called >= 95, "{found:?}");
    assert!(slm_stats::median(&found.blocks).unwrap() < 50.0, "{found:?}");
}

/// Prints the table of docs/ab.md: `cargo test --release -p slm-decide ab::tests::table_of_the_docs
/// -- --ignored --nocapture`.
#[test]
#[ignore = "prints a table"]
#[expect(clippy::print_stdout, reason = "that is what it is for")]
fn table_of_the_docs() {
    for (most, sessions) in [(30, 1_000), (120, 1_000), (60, 10_000)] {
        for effect in [0.0, 0.01, 0.03, 0.05] {
            let found = simulate(effect, sessions, most, 3);
            let share = |count: usize| 100.0 * count as f64 / sessions as f64;
            println!(
                "| {:.0} % | {most} | {sessions} | {:.1} % | {:.1} % | {:.1} % | {:.0} |",
                100.0 * effect,
                share(found.called),
                share(found.unchanged),
                share(found.open),
                slm_stats::median(&found.blocks).unwrap()
            );
        }
    }
}

#[test]
fn only_valid_trials_of_prompts_that_both_have_count() {
    let mut rows: Vec<TrialRow> = (1..=5).flat_map(|p| [trial("a", p, 1.0), trial("b", p, 1.1)]).collect();
    rows[0].verdict = Some(Verdict::Suspect);
    rows.retain(|row| row.prompt_id != "q3" || row.variant.as_deref() == Some("a"));
    let all: Vec<&TrialRow> = rows.iter().collect();
    let found = block::difference(&all, slm_results::read::Metric::Otps).unwrap();
    assert!((found - 1.1f64.ln()).abs() < 1e-12);
    assert_eq!(block::difference(&all[..1], slm_results::read::Metric::Otps), None);
}

#[test]
fn nothing_is_decided_before_the_fourth_block() {
    let mut test = AbTest::new(0.03);
    for blocks in 1..=3 {
        let rows: Vec<TrialRow> = (1..=5).flat_map(|p| [trial("a", p, 1.0), trial("b", p, 2.0)]).collect();
        test.add_block(&rows.iter().collect::<Vec<_>>(), 0.1 * f64::from(blocks));
        assert!(
            !test.is_decided() && test.looks().filter(|look| look.is_tested).all(|l| l.interval.is_none())
        );
    }
}
