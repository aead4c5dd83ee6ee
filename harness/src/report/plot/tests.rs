//! Every plot of reports with 1, 3 and 12 models: no text overlaps another or
//! leaves the picture.

#[path = "../../../tests/support/results.rs"]
mod results;

use super::{Mark, all, palette::Ink, scene::text_boxes};
use crate::report::{Model, read};
use results::{Recipe, twelve, write};
use std::path::PathBuf;

/// A report's model of the first `count` models, each named with `prefix` before.
fn model(count: usize, prefix: &str) -> Model {
    model_in(count, prefix, &["q4_0"])
}

/// The same in several quantisations.
fn model_in(count: usize, prefix: &str, quants: &'static [&'static str]) -> Model {
    let folder = tempfile::tempdir().unwrap();
    let models = twelve().into_iter().take(count).map(|(name, params)| (format!("{prefix}{name}"), params));
    let recipe = Recipe {
        models: models.collect(),
        devices: &["phone"],
        quants,
        repetitions: 2,
        output: "text".into(),
        failing: true,
        details: true,
    };
    write(folder.path(), &recipe);
    read(&[PathBuf::from(folder.path())], None, 10.0).unwrap()
}

fn check(model: &Model) {
    for plot in all(model) {
        let boxes = text_boxes(&plot.scene);
        for (index, (text, a)) in boxes.iter().enumerate() {
            let (width, height) = (plot.scene.width, plot.scene.height);
            let inside = a[0] >= 0.0 && a[1] >= 0.0 && a[2] <= width && a[3] <= height;
            assert!(inside, "{}: '{text}' leaves the picture: {a:?}", plot.name);
            for (other, b) in &boxes[index + 1..] {
                let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
                assert!(apart, "{}: '{text}' {a:?} overlaps '{other}' {b:?}", plot.name);
            }
        }
    }
}

#[test]
fn no_text_overlaps_with_1_3_and_12_models() {
    for count in [1, 3, 12] {
        check(&model(count, ""));
    }
}

#[test]
fn no_text_overlaps_with_long_and_strange_names() {
    check(&model(12, "a-company-with-a-long-name/its-model-of-2026-<b>bold</b>-"));
    check(&model(3, "日本語の名前-"));
}

#[test]
fn no_text_overlaps_where_models_are_in_several_quantisations() {
    for count in [1, 2] {
        let model = model_in(count, "", &["f16", "q8_0", "q6_k", "q5_k_m", "q4_k_m", "q4_0", "q3_k_m"]);
        check(&model);
        let plots = all(&model);
        let names: Vec<&str> = plots.iter().map(|plot| plot.name.as_str()).collect();
        let expected: &[&str] =
            if count == 1 { &["quantisation"] } else { &["quantisation-1", "quantisation-2"] };
        assert!(expected.iter().all(|name| names.contains(name)), "{names:?}");
        let study = &plots.iter().find(|plot| plot.name == expected[0]).unwrap().scene;
        let lines =
            study.marks.iter().filter(|m| matches!(m, Mark::Line { points, .. } if points.len() == 6));
        assert_eq!(lines.count(), 14, "seven lines in two panels");
        let texts = text_boxes(study);
        assert!(["f16", "q3_k_m"].iter().all(|name| texts.iter().any(|(text, _)| text == name)));
    }
}

#[test]
fn every_plot_is_there_and_has_finite_marks() {
    let plots = all(&model(12, ""));
    let names: Vec<&str> = plots.iter().map(|plot| plot.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "speed-against-size",
            "itps-by-context",
            "otps-by-context",
            "ttft-by-context",
            "runtime-by-context",
            "phases",
            "memory",
            "token-latency",
            "spread-otps",
            "spread-ttft",
            "course"
        ]
    );
    for plot in &plots {
        let finite = |points: &[(f64, f64)]| points.iter().all(|(x, y)| x.is_finite() && y.is_finite());
        assert!(plot.scene.marks.iter().all(|mark| match mark {
            Mark::Line { points, .. } | Mark::Area { points, .. } => finite(points),
            Mark::Bar { x, y, w, h, .. } => finite(&[(*x, *y)]) && *w >= 0.0 && *h >= 0.0,
            Mark::Dot { x, y, .. } | Mark::Text { x, y, .. } => finite(&[(*x, *y)]),
        }));
        let hues = plot.scene.marks.iter().filter(|mark| {
            matches!(
                mark,
                Mark::Line { ink: Ink::Hue(_), .. }
                    | Mark::Bar { ink: Ink::Hue(_), .. }
                    | Mark::Dot { ink: Ink::Hue(_), .. }
            )
        });
        assert!(hues.count() > 3, "{} is empty", plot.name);
    }
}
