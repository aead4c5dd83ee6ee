use super::{judge::judge, steps::NoShifts, *};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use slm_results::read::{Context, Estimate, Key, Metric};
use slm_stats::normal_value;
use slm_testkit::{
    agent::facts,
    dated::{after_hours, write_in_week},
    made::{Figures, Made, some_of_twelve},
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A sweep of the smallest kind, to be given other times.
fn any_sweep() -> Sweep {
    let folder = tempfile::tempdir().unwrap();
    Made::default().write(folder.path());
    Sweep::read(folder.path()).unwrap()
}

/// Sweeps a week apart.
fn weekly(count: u64) -> Vec<Sweep> {
    let any = any_sweep();
    let in_week = |week| {
        let mut sweep = any.clone();
        sweep.at = after_hours(week * 7 * 24);
        sweep
    };
    (0..count).map(in_week).collect()
}

fn key(index: usize) -> SeriesKey {
    SeriesKey {
        cell: Key {
            device: "phone".into(),
            backend: "llama.cpp".into(),
            model: format!("m{}", index / 4),
            weights: "synthetic".into(),
            quant: "q4_0".into(),
            variant: None,
            context: Context::Chunks(1),
        },
        threads: Some(4),
        metric: Metric::ALL[index % 4],
    }
}

/// A series of figures, a sweep each.
fn series(index: usize, figures: &[f64]) -> Series {
    let point = |(sweep, &mean): (usize, &f64)| Point {
        sweep,
        estimate: Estimate { mean, interval: None },
        doubtful: false,
        outlier: false,
        changes: Vec::new(),
    };
    Series {
        key: key(index),
        points: figures.iter().enumerate().map(point).collect(),
        trend: None,
        shift_p: None,
        p: None,
        p_adjusted: None,
        course: Course::TooFew,
        deviation: None,
    }
}

/// What differs from sweep to sweep by chance.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Noise {
    /// Normal, of a deviation of its own for each series, 2 to 5 %.
    Normal,
    /// Half of its variance is common to all series of a sweep.
    Common,
    /// One figure in twenty is slow by up to a third.
    Outliers,
    /// Normal, of this deviation.
    Of(f64),
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Truth {
    Nothing,
    /// A factor from a sweep on.
    Step(f64, usize),
    /// A factor for each week.
    Drift(f64),
}

/// A history of 24 series, in the first `changed` of which something happens.
fn drawn(sweeps: usize, noise: Noise, truth: Truth, changed: usize, rng: &mut ChaCha8Rng) -> Vec<Series> {
    let common: Vec<f64> = (0..sweeps).map(|_| normal_value(rng)).collect();
    let mut one = |index: usize| {
        let deviation =
            if let Noise::Of(deviation) = noise { deviation } else { 0.02 + 0.03 * rng.random::<f64>() };
        let mut figure = |sweep: usize| {
            let by_chance = match noise {
                Noise::Common => (normal_value(rng) + common[sweep]) / 2f64.sqrt(),
                Noise::Normal | Noise::Of(_) | Noise::Outliers => normal_value(rng),
            };
            let slow = noise == Noise::Outliers && rng.random::<f64>() < 0.05;
            let slow = if slow { -0.4 * rng.random::<f64>() } else { 0.0 };
            let happened: f64 = match truth {
                Truth::Step(factor, at) if sweep >= at => factor.ln(),
                Truth::Drift(factor) => factor.ln() * sweep as f64,
                Truth::Nothing | Truth::Step(..) => 0.0,
            };
            let happened = if index < changed { happened } else { 0.0 };
            100.0 * (deviation * by_chance + slow + happened).exp()
        };
        series(index, &(0..sweeps).map(&mut figure).collect::<Vec<_>>())
    };
    (0..24).map(&mut one).collect()
}

/// What became of many histories.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    histories: usize,
    /// With a call on a series in which nothing happened.
    with_false: usize,
    /// Series in which something happened.
    changed: usize,
    /// Of these, called.
    called: usize,
    /// Of these, as what it was, and steps within two sweeps of where they were.
    right: usize,
}

fn simulate(histories: usize, sweeps: usize, noise: Noise, truth: Truth, changed: usize, seed: u64) -> Found {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (all, mut none) = (weekly(sweeps as u64), NoShifts::default());
    let mut found = Found { histories, changed: histories * changed, ..Found::default() };
    for _ in 0..histories {
        let mut series = drawn(sweeps, noise, truth, changed, &mut rng);
        judge(&mut series, &all, &mut none);
        let is_called = |series: &&Series| series.course != Course::Steady;
        found.with_false += usize::from(series[changed..].iter().any(|series| is_called(&series)));
        for series in series[..changed].iter().filter(is_called) {
            found.called += 1;
            found.right += usize::from(match (&series.course, truth) {
                (Course::Drift, Truth::Drift(_)) => true,
                (Course::Steps(steps), Truth::Step(_, at)) => {
                    steps.iter().any(|step| step.at.abs_diff(at) <= 2)
                }
                _ => false,
            });
        }
    }
    found
}

#[test]
fn nothing_is_called_where_nothing_changed() {
    for (noise, seed) in [(Noise::Normal, 1), (Noise::Common, 2), (Noise::Outliers, 3)] {
        let found = simulate(300, 20, noise, Truth::Nothing, 0, seed);
        assert!(found.with_false * 20 <= found.histories, "{noise:?} {found:?}");
    }
}

#[test]
fn steps_and_drifts_are_seen() {
    let step = simulate(20, 20, Noise::Of(0.02), Truth::Step(0.95, 10), 24, 4);
    assert!(step.called * 10 >= step.changed * 9 && step.right * 10 >= step.changed * 8, "{step:?}");
    let drift = simulate(20, 12, Noise::Of(0.02), Truth::Drift(0.99), 24, 5);
    assert!(drift.called * 10 >= drift.changed * 9 && drift.right * 10 >= drift.changed * 8, "{drift:?}");
}

/// Prints the tables of docs/history.md: `cargo test --release -p slm-decide
/// history::tests::table_of_the_docs -- --ignored --nocapture`.
#[test]
#[ignore = "prints a table"]
#[expect(clippy::print_stdout, reason = "that is what it is for")]
fn table_of_the_docs() {
    let share = |n: usize, of: usize| 100.0 * n as f64 / of.max(1) as f64;
    for noise in [Noise::Normal, Noise::Common, Noise::Outliers] {
        for sweeps in [5, 8, 12, 20, 50] {
            let found = simulate(1000, sweeps, noise, Truth::Nothing, 0, 6);
            println!("| {noise:?} | {sweeps} | {:.1} % |", share(found.with_false, found.histories));
        }
    }
    let cases = [
        (Truth::Step(0.95, 10), 20),
        (Truth::Step(0.95, 17), 20),
        (Truth::Step(0.90, 10), 20),
        (Truth::Step(0.90, 4), 8),
        (Truth::Step(0.80, 3), 6),
        (Truth::Drift(0.99), 12),
        (Truth::Drift(0.995), 26),
    ];
    for (truth, sweeps) in cases {
        for noise in [Noise::Of(0.02), Noise::Of(0.03), Noise::Of(0.05)] {
            for changed in [1, 24] {
                let found = simulate(100, sweeps, noise, truth, changed, 7);
                println!(
                    "| {truth:?} | {sweeps} | {noise:?} | {changed} | {:.0} % | {:.0} % | {:.0} % |",
                    share(found.called, found.changed),
                    share(found.right, found.changed),
                    share(found.with_false, found.histories)
                );
            }
        }
    }
}

/// One series by itself.
fn judged(figures: &[f64]) -> Series {
    let mut all = vec![series(0, figures)];
    judge(&mut all, &weekly(figures.len() as u64), &mut NoShifts::default());
    all.remove(0)
}

/// Figures about 100 that differ a little, the same each time.
fn about_100(count: usize) -> Vec<f64> {
    (0..count).map(|i| 100.0 + [0.9, -1.1, 0.3, -0.4, 1.2, -0.8, 0.1][i * 5 % 7]).collect()
}

#[test]
fn a_level_that_came_and_went_are_two_steps() {
    let mut figures = about_100(20);
    figures[8..14].iter_mut().for_each(|figure| *figure *= 0.9);
    let found = judged(&figures);
    let steps = found.steps();
    assert_eq!(steps.iter().map(|step| step.at).collect::<Vec<_>>(), [8, 14], "{found:?}");
    assert!((steps[0].ratio.0 - 0.9).abs() < 0.02 && steps[0].ratio.1.high < 0.95, "{steps:?}");
    assert!(found.is_worse(steps[0].ratio.0) && !found.is_worse(steps[1].ratio.0), "ITPS");
}

#[test]
fn one_disturbed_sweep_is_no_step() {
    let mut figures = about_100(16);
    figures[9] = 60.0;
    let found = judged(&figures);
    assert_eq!(found.course, Course::Steady);
    let outliers: Vec<usize> = (0..16).filter(|&i| found.points[i].outlier).collect();
    assert_eq!(outliers, [9]);
    // Nor are the newest two, until the next says the same.
    let mut figures = about_100(16);
    figures[14..].iter_mut().for_each(|figure| *figure *= 0.8);
    assert_eq!(judged(&figures).course, Course::Steady);
    figures[13] *= 0.8;
    assert_eq!(judged(&figures).steps().len(), 1);
}

#[test]
fn what_cannot_be_told_is_not() {
    let found = judged(&[100.0, 100.0, 50.0, 50.0]);
    assert_eq!((&found.course, found.trend, found.p), (&Course::TooFew, None, None));
    assert_eq!(judged(&[100.0; 9]).course, Course::Steady);
    // Below 1 % is none, however sure.
    let found = judged(&[100.0, 100.01, 100.0, 100.01, 100.0, 100.5, 100.51, 100.5, 100.51, 100.5]);
    assert!(found.course == Course::Steady && found.shift_p.unwrap() < 0.01, "{found:?}");
    // Memory often has one value for each build.
    let found = judged(&[100.0, 100.0, 100.0, 100.0, 110.0, 110.0, 110.0, 110.0, 110.0, 110.0, 110.0, 110.0]);
    assert_eq!(found.steps().len(), 1, "{found:?}");
}

#[test]
fn a_drift_has_a_slope_and_no_steps() {
    let figures: Vec<f64> =
        (0..).zip(about_100(15)).map(|(week, figure)| figure * 0.99f64.powi(week)).collect();
    let found = judged(&figures);
    assert_eq!(found.course, Course::Drift, "{found:?}");
    let slope = found.trend.unwrap().slope.unwrap();
    assert!((slope.slope - 0.99f64.ln()).abs() < 0.002, "{slope:?}");
    assert!(slope.interval.low < 0.99f64.ln() && 0.99f64.ln() < slope.interval.high, "{slope:?}");
    assert!((found.trend.unwrap().weeks - 14.0).abs() < 1e-9);
}

/// Nine weekly sweeps below `folder`; from the sixth on with another engine and slower.
fn with_new_engine(folder: &Path) {
    for week in 0..9 {
        let (speed, engine) = if week < 5 { (1.0, "1.0") } else { (0.9, "2.0") };
        let figures = Figures::Steady { speed, seed: week };
        let made = Made { figures, agent: Some(facts(engine)), ..Made::default() };
        write_in_week(&made, &folder.join(format!("year/sweep-{week}")), week);
    }
}

#[test]
fn a_step_with_a_new_engine_says_so() {
    let folder = tempfile::tempdir().unwrap();
    with_new_engine(folder.path());
    let history = History::of(Sweeps::read(&[folder.path().to_owned()]).unwrap(), &[]);
    assert_eq!((history.sweeps.len(), history.series.len()), (9, 10));
    for series in history.series.iter().filter(|series| series.key.metric != Metric::Memory) {
        let [step] = series.steps() else { panic!("{series:?}") };
        assert_eq!((step.at, step.plausible), (5, [5, 5]), "{series:?}");
        assert!(series.is_worse(step.ratio.0), "{step:?}");
        let change = Change { what: "engine".into(), removed: vec!["1.0".into()], added: vec!["2.0".into()] };
        assert_eq!(step.changes, [change]);
    }
    assert_eq!(history.events.len(), 1);
    let event = &history.events[0];
    assert_eq!((event.sweep, &event.devices, event.models.len()), (5, &BTreeSet::from(["local".into()]), 0));
    assert!(history.series.iter().all(|series| event.concerns(series)));
    let only = History::of(Sweeps::read(&[folder.path().to_owned()]).unwrap(), &[Metric::Otps]);
    assert_eq!((only.series.len(), only.tested), (2, 2));
}

#[test]
fn folders_are_found_once_and_what_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for week in 0..3 {
        write_in_week(&Made::default(), &path(&format!("a/{}", 9 - week)), week);
    }
    fs::create_dir_all(path("b/broken")).unwrap();
    fs::write(path("b/broken/manifest.json"), "{").unwrap();
    fs::create_dir_all(path("b/.hidden")).unwrap();
    fs::write(path("b/.hidden/manifest.json"), "{").unwrap();
    slm_testkit::repository::copy(&path("a/9"), &path("b/copy"));
    let found = Sweeps::read(&[path("a"), path("b"), path("a/8")]).unwrap();
    let names: Vec<&str> = found.sweeps.iter().map(|sweep| sweep.name.as_str()).collect();
    assert_eq!(names, ["9", "8", "7"], "by time, each once");
    assert_eq!(found.skipped.len(), 1);
    assert!(found.skipped[0].folder.ends_with("b/broken") && found.skipped[0].why.contains("is damaged"));
    let refused = |folders: &[PathBuf]| Sweeps::read(folders).unwrap_err().to_string();
    assert!(refused(&[path("b/broken")]).contains("is damaged"));
    assert!(refused(&[path("nowhere")]).starts_with("cannot read"));
    fs::create_dir_all(path("empty/empty")).unwrap();
    assert!(refused(&[path("empty")]).starts_with("no sweep lies in or below"));
}

#[test]
fn other_threads_are_another_series_and_other_settings_a_change() {
    let folder = tempfile::tempdir().unwrap();
    write_in_week(&Made::default(), &folder.path().join("a"), 0);
    write_in_week(&Made { threads: 4, ..Made::default() }, &folder.path().join("b"), 1);
    write_in_week(&Made { repetitions: 5, ..Made::default() }, &folder.path().join("c"), 2);
    let history = History::of(Sweeps::read(&[folder.path().to_owned()]).unwrap(), &[Metric::Itps]);
    let of = |threads| history.series.iter().filter(move |series| series.key.threads == Some(threads));
    assert_eq!((of(2).count(), of(4).count()), (2, 2));
    assert!(of(2).all(|series| series.points.len() == 2) && of(4).all(|series| series.points.len() == 1));
    let changes: Vec<&str> = history.events[0].changes.iter().map(|change| change.what.as_str()).collect();
    assert_eq!((history.events.len(), history.events[0].sweep, &changes[..]), (1, 2, &["repetitions"][..]));
}

#[test]
fn sweeps_of_one_name_are_called_by_their_paths() {
    let folder = tempfile::tempdir().unwrap();
    for (week, path) in [(0, "a/same"), (1, "b/same"), (2, "b/other")] {
        write_in_week(&Made::default(), &folder.path().join(path), week);
    }
    let found = Sweeps::read(&[folder.path().to_owned()]).unwrap();
    let path = |path: &str| folder.path().join(path).display().to_string();
    let names: Vec<&str> = found.sweeps.iter().map(|sweep| sweep.name.as_str()).collect();
    assert_eq!(names, [path("a/same"), path("b/same"), "other".into()]);
}

#[test]
fn one_change_of_several_devices_is_one_event() {
    let folder = tempfile::tempdir().unwrap();
    let models = || some_of_twelve(2);
    let both = || Made { devices: &["a", "b"], models: models(), ..Made::default() };
    write_in_week(&both(), &folder.path().join("0"), 0);
    write_in_week(&Made { repetitions: 4, ..both() }, &folder.path().join("1"), 1);
    // Only one of two models writes less.
    write_in_week(&Made { repetitions: 4, ..both() }, &folder.path().join("2"), 2);
    let manifest = folder.path().join("2/manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let other = text.replacen(r#""max_new_tokens": 64"#, r#""max_new_tokens": 32"#, 1);
    assert!(other != text, "{text}");
    fs::write(&manifest, other).unwrap();
    let history = History::of(Sweeps::read(&[folder.path().to_owned()]).unwrap(), &[Metric::Itps]);
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
    let found: Vec<_> = history
        .events
        .iter()
        .map(|event| {
            (event.sweep, event.devices.clone(), event.models.clone(), event.changes[0].what.as_str())
        })
        .collect();
    assert_eq!(
        found,
        [
            (1, names(&["a", "b"]), names(&[]), "repetitions"),
            (2, names(&["a", "b"]), names(&["slimlm-125m"]), "max new tokens")
        ]
    );
}

/// Change of engine.
fn new_engine() -> Change {
    Change { what: "engine".into(), removed: vec!["1.0".into()], added: vec!["2.0".into()] }
}

#[test]
fn a_cause_at_a_sweep_that_is_not_tested_is_told() {
    let mut figures = about_100(12);
    figures[6..].iter_mut().for_each(|figure| *figure *= 0.8);
    // The first sweep with the new engine has no valid trial: only the next one can show the step.
    figures[5] = 80.0;
    let mut all = vec![series(0, &figures)];
    all[0].points[5].doubtful = true;
    all[0].points[5].changes = vec![new_engine()];
    judge(&mut all, &weekly(12), &mut NoShifts::default());
    let [step] = all[0].steps() else { panic!("{:?}", all[0]) };
    assert_eq!((step.at, step.plausible, &step.changes[..]), (6, [6, 6], &[new_engine()][..]));
}

#[test]
fn the_true_place_of_a_step_is_among_the_plausible_ones() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let (all, mut none) = (weekly(20), NoShifts::default());
    let (mut steps, mut held, mut places) = (0, 0, 0);
    for _ in 0..60 {
        let mut series = drawn(20, Noise::Of(0.03), Truth::Step(0.92, 10), 24, &mut rng);
        judge(&mut series, &all, &mut none);
        for step in
            series.iter().filter_map(|series| if let [step] = series.steps() { Some(step) } else { None })
        {
            steps += 1;
            held += usize::from((step.plausible[0]..=step.plausible[1]).contains(&10));
            places += step.plausible[1] - step.plausible[0] + 1;
        }
    }
    // 95 % are promised; nor may they be had by naming every place.
    assert!(steps > 1000 && held * 100 >= steps * 95, "{held} of {steps}");
    assert!(places < 6 * steps, "{places} places of {steps} steps");
}

#[test]
fn every_series_has_one_p() {
    let figures: Vec<f64> = about_100(8);
    let mut all: Vec<Series> = (0..20).map(|index| series(index, &figures)).collect();
    assert_eq!(judge(&mut all, &weekly(8), &mut NoShifts::default()), 20);
    for series in &all {
        let (shift, trend) = (series.shift_p.unwrap(), series.trend.unwrap().p);
        assert!((series.p.unwrap() - (2.0 * shift.min(trend)).min(1.0)).abs() < 1e-12, "{series:?}");
        assert!(series.p_adjusted.unwrap() >= series.p.unwrap() - 1e-12);
    }
    // Five sweeps can be tested for a trend alone.
    let five = judged(&[100.0, 101.0, 102.0, 103.0, 104.0]);
    assert_eq!((five.shift_p, five.p), (None, five.trend.map(|trend| trend.p)));
}

#[test]
fn equal_sweeps_differ_by_their_standard_deviation() {
    let spread = |all: &[Vec<f64>], changed: bool| {
        let mut series: Vec<Series> =
            all.iter().enumerate().map(|(index, figures)| series(4 * index, figures)).collect();
        if changed {
            series[0].points[1].changes = vec![new_engine()];
        }
        let sweeps = weekly(12);
        let tested = judge(&mut series, &sweeps, &mut NoShifts::default());
        History { sweeps, skipped: Vec::new(), series, events: Vec::new(), tested }.spread()
    };
    let squares = |figures: &[f64]| {
        let mean = figures.iter().map(|figure| figure.ln()).sum::<f64>() / figures.len() as f64;
        figures.iter().map(|figure| (figure.ln() - mean).powi(2)).sum::<f64>()
    };
    let (three, two) = (vec![110.0, 100.0, 90.0], vec![50.0, 52.0]);
    let found = spread(&[three.clone(), two.clone()], false)[&Metric::Itps];
    let expected = ((squares(&three) + squares(&two)) / 3.0).sqrt();
    assert!((found.deviation() - expected).abs() < 1e-12 && found.freedom == 3, "{found:?}");
    // Sweeps between which something changed are not equal.
    assert_eq!(spread(&[three, two.clone()], true)[&Metric::Itps].freedom, 1);
    // A step is not taken for spread.
    let mut figures = about_100(12);
    let about = (squares(&figures[..6]) + squares(&figures[6..])) / 10.0;
    figures[6..].iter_mut().for_each(|figure| *figure *= 0.8);
    let found = spread(&[figures], false)[&Metric::Itps];
    assert!((found.deviation() - about.sqrt()).abs() < 1e-12 && found.freedom == 10, "{found:?}");
    assert!(spread(&[vec![100.0]], false).is_empty());
}
