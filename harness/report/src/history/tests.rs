use super::{json, markdown, pace::pace, percent::percent, plot::plots, text};
use crate::{
    draw::{render::svg, scene::text_boxes},
    plots::Plot,
};
use slm_decide::history::{History, Sweeps, Trend};
use slm_results::read::Metric;
use slm_stats::{Interval, Slope};
use slm_testkit::{
    agent::facts,
    dated::{write_after_hours, write_in_week},
    made::{Figures, Made, some_of_twelve},
};
use std::path::Path;

/// Weekly sweeps of three models, from the ninth on with another engine and slower.
fn history(folder: &Path, weeks: u64) -> History {
    for week in 0..weeks {
        let (speed, engine) = if week < 8 { (1.0, "1.0") } else { (0.92, "2.0") };
        let made = Made {
            models: some_of_twelve(3),
            figures: Figures::Steady { speed, seed: week },
            agent: Some(facts(engine)),
            ..Made::default()
        };
        write_in_week(&made, &folder.join(format!("sweep-{week:02}")), week);
    }
    History::of(Sweeps::read(&[folder.to_owned()]).unwrap(), &[])
}

#[test]
fn texts_say_what_changed_with_what_in_80_columns() {
    let folder = tempfile::tempdir().unwrap();
    let history = history(folder.path(), 14);
    let shown = text(&history);
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    assert!(
        shown.starts_with("14 sweeps from 2026-01-02 to 2026-04-03; 30 series, of which 24 changed\n"),
        "{shown}"
    );
    assert!(shown.contains("2026-02-27 sweep-08, with engine 1.0 -> 2.0"), "{shown}");
    let (markdown, json) = (markdown(&history), json(&history));
    assert!(
        markdown.contains("| 2026-02-27 sweep-08 | slimlm-125m at 0 chunks | ITPS (t/s) |"),
        "{markdown}"
    );
    let steps = json["series"].as_array().unwrap().iter().filter(|series| series["course"] == "steps");
    assert_eq!(steps.clone().count(), 24);
    for series in steps {
        let step = &series["steps"][0];
        assert_eq!((&step["sweep"], &step["worse"]), (&"sweep-08".into(), &true.into()), "{series}");
        assert_eq!(step["changes"][0]["added"][0], "2.0");
    }
    assert!(json["between_sweeps"]["itps"]["deviation"].as_f64().unwrap() > 0.0);
}

/// That no text reaches out of the plot or into another one.
fn assert_legible(plot: &Plot) {
    let boxes = text_boxes(&plot.scene);
    for (index, (first, a)) in boxes.iter().enumerate() {
        assert!(a[0] >= 0.0 && a[2] <= plot.scene.width && a[3] <= plot.scene.height, "{first} {a:?}");
        for (second, b) in &boxes[index + 1..] {
            let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
            assert!(apart, "{}: {first} {a:?} and {second} {b:?}", plot.name);
        }
    }
}

#[test]
fn every_metric_has_a_plot_whose_texts_do_not_overlap() {
    let folder = tempfile::tempdir().unwrap();
    let history = history(folder.path(), 14);
    let plots = plots(&history);
    assert_eq!(plots.len(), Metric::ALL.len());
    for plot in &plots {
        let boxes = text_boxes(&plot.scene);
        for text in ["A", "2026-03", "A  2026-02-27 sweep-08: engine 1.0 -> 2.0"] {
            assert!(boxes.iter().any(|(own, _)| own == text), "{text}: {boxes:?}");
        }
        assert_legible(plot);
        assert!(svg(&plot.scene).unwrap().starts_with("<svg "));
    }
    let written = super::write(&history, &folder.path().join("plots")).unwrap();
    assert_eq!(written[0], "itps-history");
    assert!(folder.path().join("plots/itps-history.png").is_file());
}

/// Daily sweeps of several devices with long names, each with another engine.
fn crowded(folder: &Path) -> History {
    for day in 0..30 {
        let made = Made {
            devices: &["phone-with-a-long-name-a", "phone-with-a-long-name-b"],
            models: some_of_twelve(8),
            figures: Figures::Steady { speed: 0.97f64.powf(day as f64), seed: day },
            agent: Some(facts(&format!("llama-cpp-sys-2 0.1.{day}, ggml 0.{day}.0"))),
            ..Made::default()
        };
        write_after_hours(&made, &folder.join(format!("a-nightly-sweep-{day:02}")), 24 * day);
    }
    History::of(Sweeps::read(&[folder.to_owned()]).unwrap(), &[Metric::Otps])
}

#[test]
fn a_crowded_plot_shows_the_newest_changes_and_says_what_it_leaves_out() {
    let folder = tempfile::tempdir().unwrap();
    let history = crowded(folder.path());
    let [plot] = &plots(&history)[..] else { panic!("one metric") };
    assert_legible(plot);
    let texts: Vec<String> = text_boxes(&plot.scene).into_iter().map(|(text, _)| text).collect();
    let has = |part: &str| texts.iter().any(|text| text.contains(part));
    assert!(has("L  2026-01-31 a-nightly-sweep-29: ") && !texts.iter().any(|text| text == "M"), "{texts:?}");
    assert!(has("the newest are shown, 17 earlier ones are not"), "{texts:?}");
    assert!(has("8 more series are not drawn"), "{texts:?}");
    // Long names are cut, what tells panels apart is not.
    assert!(
        has("slimlm-1b-with-a-rather-l") && has("… · 1 chunk") && has("phone-with-a-long-name-b"),
        "{texts:?}"
    );
}

#[test]
fn series_are_named_where_a_history_has_several_setups() {
    let folder = tempfile::tempdir().unwrap();
    let history = crowded(folder.path());
    let (text, markdown) = (text(&history), markdown(&history));
    for device in ["a", "b"] {
        let name = format!("slimlm-125m at 0 chunks · phone-with-a-long-name-{device}");
        assert!(text.contains(&format!("  {name}, OTPS (t/s): -3.0 % a day")), "{text}");
        assert!(markdown.contains(&format!("| {name} | OTPS (t/s) | ")), "{markdown}");
    }
    // What concerns both devices is said once.
    assert!(text.contains("a-nightly-sweep-29: engine llama-cpp-sys-2 0.1.28,"), "{text}");
    assert_eq!(json(&history)["events"][28]["devices"].as_array().unwrap().len(), 2);
    assert_eq!(history.events.len(), 29);
}

#[test]
fn a_slow_drift_has_a_unit_that_says_something() {
    let of = |per_week: f64, weeks: f64| {
        let slope = per_week.ln();
        let interval = Interval { low: 1.2 * slope, high: 0.8 * slope };
        pace(&Trend { slope: Some(Slope { slope, interval }), p: 0.001, weeks }).unwrap()
    };
    let pair = |pace: &str, interval: &str| (pace.to_owned(), interval.to_owned());
    assert_eq!(of(0.99, 11.0), pair("-1.0 % a week", "-1.2 to -0.8 %"));
    assert_eq!(of(0.9, 11.0), pair("-1.5 % a day", "-1.8 to -1.2 %"));
    assert_eq!(of(0.9998, 60.0), pair("-0.09 % a month", "-0.10 to -0.07 %"));
    assert_eq!(of(0.9998, 120.0), pair("-1.0 % a year", "-1.2 to -0.8 %"));
    assert_eq!(of(0.9f64.powi(168), 0.05), pair("-10.0 % an hour", "-11.9 to -8.1 %"));
}

#[test]
fn one_sweep_has_no_plot_and_says_that_it_is_too_few() {
    let folder = tempfile::tempdir().unwrap();
    let history = history(folder.path(), 1);
    assert!(plots(&history).is_empty());
    let said = text(&history).replace('\n', " ");
    assert!(said.contains("30 series with too few sweeps to tell"), "{said}");
}

#[test]
fn changes_have_their_sign() {
    assert_eq!(
        [0.948, 1.1, 1.0, 0.999_9, 2.5].map(|factor| percent(factor, 1)),
        ["-5.2 %", "+10.0 %", "0.0 %", "0.0 %", "+150 %"]
    );
}
