//! A figure against the length of the context, a line for each model.

use super::{
    Plot, conditions, font,
    frame::Frame,
    labels::{self, Label},
    palette::{self, Style},
    scale::Scale,
    scene::{Mark, SMALL, Scene, Shape, WIDTH},
};
use crate::model::{Measured, Model};
use slm_results::read::Metric;

/// The figures that are plotted.
pub(super) const KINDS: [Metric; 4] = [Metric::Itps, Metric::Otps, Metric::Ttft, Metric::Runtime];

const TOP: f64 = 88.0;

/// Draws the plot of one figure.
pub(super) fn plot(model: &Model, metric: Metric) -> Option<Plot> {
    let values: Vec<f64> =
        model.cells.iter().filter_map(|m| m.cell.estimate(metric)).map(|e| e.mean).collect();
    let lengths: Vec<f64> =
        model.cells.iter().filter(|m| m.cell.estimate(metric).is_some()).map(Measured::tokens_in).collect();
    if values.is_empty() {
        return None;
    }
    let names = model.subjects.iter().map(|subject| font::width(&subject.label, SMALL));
    let names = names.fold(40.0, f64::max).min(200.0);
    let height = 430.0f64.max(TOP + 60.0 + 16.0 * model.subjects.len() as f64);
    let title = format!("{} against context length", title(metric));
    let mut scene = Scene::titled(height, &title, &conditions(model));
    let (left, right) = (62.0, WIDTH - names - 34.0);
    let frame = Frame {
        left,
        top: TOP,
        width: right - left,
        height: height - TOP - 54.0,
        x: context_scale(&lengths),
        y: Scale::fitting(&values),
    };
    frame.draw_y(&mut scene, axis(metric), SMALL);
    frame.draw_x(&mut scene, "prompt (tokens of the model's own tokenizer)", SMALL);
    let mut ends = Vec::new();
    for (index, subject) in model.subjects.iter().enumerate() {
        let style = palette::style(index);
        let points = draw_line(&mut scene, &frame, model, index, metric, style);
        let last = points.last().copied();
        ends.extend(last.map(|(x, y)| Label { x, y, text: subject.label.clone(), style }));
    }
    labels::draw(&mut scene, ends, right + 24.0, names, (TOP - 8.0, height - 20.0));
    Some(Plot {
        name: format!("{}-by-context", file_stem(metric)),
        title,
        caption: caption(model, metric),
        scene,
    })
}

fn draw_line(
    scene: &mut Scene,
    frame: &Frame,
    model: &Model,
    subject: usize,
    metric: Metric,
    style: Style,
) -> Vec<(f64, f64)> {
    let cells: Vec<_> = model
        .cells_of(subject)
        .filter_map(|measured| Some((measured, measured.cell.estimate(metric)?)))
        .collect();
    let points: Vec<(f64, f64)> =
        cells.iter().map(|(measured, e)| (frame.px(measured.tokens_in()), frame.py(e.mean))).collect();
    scene.push(Mark::Line { points: points.clone(), ink: style.ink, width: 1.8, dashed: style.second });
    for ((measured, estimate), (x, y)) in cells.iter().zip(&points) {
        if let Some(interval) = estimate.interval {
            scene.line((*x, frame.py(interval.low)), (*x, frame.py(interval.high)), style.ink, 1.2);
        }
        let shape = match (measured.is_doubtful(), style.second) {
            (true, _) => Shape::Cross,
            (false, true) => Shape::Ring,
            (false, false) => Shape::Disc,
        };
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

fn title(metric: Metric) -> &'static str {
    match metric {
        Metric::Itps => "Prefill speed (ITPS)",
        Metric::Otps => "Decode speed (OTPS)",
        Metric::Ttft => "Time to first token (TTFT)",
        Metric::Runtime => "Time to the whole answer (runtime)",
        Metric::Memory => "Memory",
    }
}

fn axis(metric: Metric) -> &'static str {
    match metric {
        Metric::Itps => "input tokens per second",
        Metric::Otps => "output tokens per second",
        Metric::Ttft | Metric::Runtime => "seconds",
        Metric::Memory => "MiB",
    }
}

fn file_stem(metric: Metric) -> &'static str {
    match metric {
        Metric::Itps => "itps",
        Metric::Otps => "otps",
        Metric::Ttft => "ttft",
        Metric::Runtime => "runtime",
        Metric::Memory => "memory",
    }
}

fn caption(model: &Model, metric: Metric) -> String {
    let better = if metric.more_is_better() { "Higher is better." } else { "Lower is better." };
    let doubtful = if model.cells.iter().any(Measured::is_doubtful) {
        " Crosses: cells without a valid trial, whose figures are of suspect ones."
    } else {
        ""
    };
    format!("{better} Points are means over a cell's prompts, bars their 95 % intervals.{doubtful}")
}
