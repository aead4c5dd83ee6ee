use super::{json, markdown, parts::percent, plot::plots, text};
use crate::draw::{render::svg, scene::text_boxes};
use slm_decide::history::{History, Sweeps};
use slm_results::read::Metric;
use slm_testkit::{
    agent::facts,
    dated::write_in_week,
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

#[test]
fn every_metric_has_a_plot_whose_texts_do_not_overlap() {
    let folder = tempfile::tempdir().unwrap();
    let history = history(folder.path(), 14);
    let plots = plots(&history);
    assert_eq!(plots.len(), Metric::ALL.len());
    for plot in &plots {
        let boxes = text_boxes(&plot.scene);
        assert!(boxes.iter().any(|(text, _)| text == "A"), "the new engine has its letter");
        assert!(boxes.iter().any(|(text, _)| text.contains("sweep-08: engine 1.0 -> 2.0")), "{boxes:?}");
        for (index, (first, a)) in boxes.iter().enumerate() {
            assert!(a[0] >= 0.0 && a[2] <= plot.scene.width && a[3] <= plot.scene.height, "{first} {a:?}");
            for (second, b) in &boxes[index + 1..] {
                let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
                assert!(apart, "{}: {first} {a:?} and {second} {b:?}", plot.name);
            }
        }
        assert!(svg(&plot.scene).unwrap().starts_with("<svg "));
    }
    let written = super::write(&history, &folder.path().join("plots")).unwrap();
    assert_eq!(written[0], "itps-history");
    assert!(folder.path().join("plots/itps-history.png").is_file());
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
        [0.948, 1.1, 1.0, 0.999_9, 2.5].map(percent),
        ["-5.2 %", "+10.0 %", "0.0 %", "0.0 %", "+150 %"]
    );
}
