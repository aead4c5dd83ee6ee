//! A figure against the length of the context, a line for each model.

use super::{Plot, conditions::conditions};
use crate::{
    data::{Measured, ReportData},
    draw::{
        font,
        frame::Frame,
        labels::{self, Label},
        palette::{self, Style},
        scale::Scale,
        scene::{Mark, SMALL, Scene, Shape, WIDTH},
    },
};
use slm_results::read::Metric;

/// A figure that is plotted.
struct Kind {
    metric: Metric,
    /// Begin of the plot's name.
    stem: &'static str,
    title: &'static str,
    axis: &'static str,
}

const KINDS: [Kind; 4] = [
    Kind {
        metric: Metric::Itps,
        stem: "itps",
        title: "Prefill speed (ITPS)",
        axis: "input tokens per second",
    },
    Kind {
        metric: Metric::Otps,
        stem: "otps",
        title: "Decode speed (OTPS)",
        axis: "output tokens per second",
    },
    Kind { metric: Metric::Ttft, stem: "ttft", title: "Time to first token (TTFT)", axis: "seconds" },
    Kind {
        metric: Metric::Runtime,
        stem: "runtime",
        title: "Time to the whole answer (runtime)",
        axis: "seconds",
    },
];

const TOP: f64 = 88.0;

/// A plot for each figure.
pub(crate) fn plots(data: &ReportData) -> Vec<Plot> {
    KINDS.iter().filter_map(|kind| plot(data, kind)).collect()
}

fn plot(data: &ReportData, kind: &Kind) -> Option<Plot> {
    let metric = kind.metric;
    let values: Vec<f64> =
        data.cells.iter().filter_map(|m| m.cell.estimate(metric)).map(|e| e.mean).collect();
    let lengths: Vec<f64> =
        data.cells.iter().filter(|m| m.cell.estimate(metric).is_some()).map(Measured::tokens_in).collect();
    if values.is_empty() {
        return None;
    }
    let names = data.subjects.iter().map(|subject| font::width(&subject.label, SMALL));
    let names = names.fold(40.0, f64::max).min(200.0);
    let height = 430.0f64.max(TOP + 60.0 + 16.0 * data.subjects.len() as f64);
    let title = format!("{} against context length", kind.title);
    let mut scene = Scene::titled(height, &title, &conditions(data));
    let (left, right) = (62.0, WIDTH - names - 34.0);
    let frame = Frame {
        left,
        top: TOP,
        width: right - left,
        height: height - TOP - 54.0,
        x: context_scale(&lengths),
        y: Scale::fitting(&values),
    };
    frame.draw_y(&mut scene, kind.axis, SMALL);
    frame.draw_x(&mut scene, "prompt (tokens of the model's own tokenizer)", SMALL);
    let mut ends = Vec::new();
    for (index, subject) in data.subjects.iter().enumerate() {
        let style = palette::style(index);
        let points = draw_line(&mut scene, &frame, data, index, metric, style);
        let last = points.last().copied();
        ends.extend(last.map(|(x, y)| Label { x, y, text: subject.label.clone(), style }));
    }
    labels::draw(&mut scene, ends, right + 24.0, names, (TOP - 8.0, height - 20.0));
    Some(Plot::new(format!("{}-by-context", kind.stem), title, caption(metric), scene))
}

fn draw_line(
    scene: &mut Scene,
    frame: &Frame,
    data: &ReportData,
    subject: usize,
    metric: Metric,
    style: Style,
) -> Vec<(f64, f64)> {
    let cells: Vec<_> = data
        .cells_of(subject)
        .filter_map(|measured| Some((measured, measured.cell.estimate(metric)?)))
        .collect();
    let points: Vec<(f64, f64)> =
        cells.iter().map(|(measured, e)| (frame.px(measured.tokens_in()), frame.py(e.mean))).collect();
    scene.push(Mark::Line { points: points.clone(), ink: style.ink, width: 1.8, dashed: style.second });
    for ((_, estimate), (x, y)) in cells.iter().zip(&points) {
        if let Some(interval) = estimate.interval {
            scene.line((*x, frame.py(interval.low)), (*x, frame.py(interval.high)), style.ink, 1.2);
        }
        let shape = if style.second { Shape::Ring } else { Shape::Disc };
        scene.dot(*x, *y, 3.6, shape, style.ink);
    }
    points
}

/// Linear, unless most lengths would crowd at its foot.
pub(super) fn context_scale(lengths: &[f64]) -> Scale {
    let mut sorted = lengths.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (median, high) = (sorted[sorted.len() / 2], sorted[sorted.len() - 1]);
    if median < 0.12 * high { Scale::log(sorted) } else { Scale::from_zero(sorted) }
}

fn caption(metric: Metric) -> String {
    let better = if metric.more_is_better() { "Higher is better." } else { "Lower is better." };
    format!("{better} Points are means over a cell's prompts, bars their 95 % intervals.")
}
