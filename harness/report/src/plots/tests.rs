//! Every plot of reports with 1, 3 and 12 models: no text overlaps another or
//! leaves the picture.

use super::{Plot, conditions::conditions};
use crate::{
    ReportData,
    draw::{
        palette::Ink,
        scene::{Mark, text_boxes},
    },
    read, sections,
};
use slm_testkit::made::Made;
use std::path::PathBuf;

/// A report's model of the first `count` models, each named with `prefix` before.
fn data(count: usize, prefix: &str) -> ReportData {
    data_in(count, prefix, &["q4_0"])
}

/// The same in several quantizations.
fn data_in(count: usize, prefix: &str, quants: &'static [&'static str]) -> ReportData {
    data_on(&["phone"], count, prefix, quants)
}

/// The same on several devices.
fn data_on(
    devices: &'static [&'static str],
    count: usize,
    prefix: &str,
    quants: &'static [&'static str],
) -> ReportData {
    let folder = tempfile::tempdir().unwrap();
    let mut made = Made { devices, quants, repetitions: 2, ..Made::on_a_phone(count) };
    for (name, _) in &mut made.models {
        name.insert_str(0, prefix);
    }
    made.write(folder.path());
    read(&[PathBuf::from(folder.path())], None, 10.0).unwrap()
}

/// All plots of a report.
fn all(data: &ReportData) -> Vec<Plot> {
    sections::all(data).into_iter().flat_map(|section| section.plots).collect()
}

fn check(data: &ReportData) {
    for plot in all(data) {
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
        check(&data(count, ""));
    }
}

#[test]
fn no_text_overlaps_with_long_and_strange_names() {
    check(&data(12, "a-company-with-a-long-name/its-model-of-2026-<b>bold</b>-"));
    check(&data(3, "日本語の名前-"));
}

#[test]
fn no_text_overlaps_where_models_are_in_several_quantizations() {
    for count in [1, 2] {
        let data = data_in(count, "", &["f16", "q8_0", "q6_k", "q5_k_m", "q4_k_m", "q4_0", "q3_k_m"]);
        check(&data);
        let plots = all(&data);
        let names: Vec<&str> = plots.iter().map(|plot| plot.name.as_str()).collect();
        let expected: &[&str] =
            if count == 1 { &["quantization"] } else { &["quantization-1", "quantization-2"] };
        assert!(expected.iter().all(|name| names.contains(name)), "{names:?}");
        let study = &plots.iter().find(|plot| plot.name == expected[0]).unwrap().scene;
        let lines_of = |contexts| {
            study
                .marks
                .iter()
                .filter(move |m| matches!(m, Mark::Line { points, .. } if points.len() == contexts))
        };
        // Seven lines in two panels. The last model of all failed at the two longest contexts.
        let found = [lines_of(6).count(), lines_of(4).count()];
        assert_eq!(found, if count == 1 { [12, 2] } else { [14, 0] });
        let texts = text_boxes(study);
        assert!(["f16", "q3_k_m"].iter().all(|name| texts.iter().any(|(text, _)| text == name)));
    }
}

#[test]
fn devices_are_kept_apart() {
    let mut data = data_on(&["phone", "a tablet"], 3, "", &["q4_0"]);
    check(&data);
    let plots = all(&data);
    let title = |name: &str| plots.iter().find(|plot| plot.name == name).map(|plot| plot.title.as_str());
    assert_eq!(title("course-1"), Some("The course of the run on a tablet"));
    assert_eq!(title("course-2"), Some("The course of the run on phone"));
    for (name, device, other) in [("course-1", "a tablet", "phone"), ("course-2", "phone", "a tablet")] {
        let texts = text_boxes(&plots.iter().find(|plot| plot.name == name).unwrap().scene);
        let conditions = format!("{device} (made-up SoC) · llama.cpp");
        assert!(texts.iter().any(|(text, _)| text.starts_with(&conditions)), "{texts:?}");
        assert!(texts.iter().all(|(text, _)| !text.contains(other)), "{texts:?}");
    }
    // One front for each device: the slower one's models are beaten by none of their own.
    let size = plots.iter().find(|plot| plot.name == "speed-against-size").unwrap();
    let is_front = |mark: &&Mark| matches!(mark, Mark::Line { ink: Ink::Muted, width, .. } if *width > 1.4);
    assert_eq!(size.scene.marks.iter().filter(is_front).count(), 2);
    // A cell that was never run knows no SoC.
    data.subjects[0].soc = None;
    assert_eq!(crate::names::devices(data.subjects.iter()), "a tablet (made-up SoC), phone (made-up SoC)");
}

#[test]
fn many_devices_leave_the_conditions_their_engine() {
    let devices = &["R5CX10AAAAA", "R5CX10BBBBB", "R5CX10CCCCC", "R5CX10DDDDD", "R5CX10EEEEE"];
    let data = data_on(devices, 2, "", &["q4_0"]);
    check(&data);
    let line = conditions(&data);
    assert!(line.contains("R5CX10EEEEE · llama.cpp · q4_0") && !line.contains("SoC"), "{line}");
}

#[test]
fn of_one_size_the_quickest_is_named() {
    // The last one fails at the context that is judged.
    let data = data_in(1, "", &["q8_0", "q4_0", "f16"]);
    let said = &crate::verdict::answers(&data)[0];
    assert!(said.contains("is slimlm-125m · q4_0 (125M)"), "{said}");
    assert!(said.contains("within it are also slimlm-125m · q8_0 ("), "{said}");
}

#[test]
fn every_plot_is_there_and_has_finite_marks() {
    let plots = all(&data(12, ""));
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
