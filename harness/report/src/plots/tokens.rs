//! Latency of each output token in turn: the median of a cell's trials and the
//! band from the 10th to the 90th percentile, at up to three context lengths.

use super::{Plot, conditions::conditions};
use crate::{
    data::{Measured, ReportData},
    draw::{
        frame::Frame,
        grid,
        palette::Ink,
        scale::Scale,
        scene::{Anchor, Mark, SMALL, Scene},
    },
    names,
};
use slm_results::read::Context;
use slm_stats::percentile;

const INKS: [Ink; 3] = [Ink::Hue(2), Ink::Hue(0), Ink::Hue(1)];
/// Points along x at most.
const POINTS: usize = 128;

/// Median and band at a position: token index, p10, p50, p90 in milliseconds.
type Position = (f64, [f64; 3]);

/// Draws the plot.
pub(crate) fn plot(data: &ReportData) -> Option<Plot> {
    let contexts = shown_contexts(data);
    let has = |subject: &usize| data.cells_of(*subject).any(|m| m.tokens_ms.iter().any(|t| t.len() > 2));
    let subjects: Vec<usize> = (0..data.subjects.len()).filter(has).collect();
    if subjects.is_empty() {
        return None;
    }
    let title = "Latency of each output token";
    let mut scene = Scene::titled(grid::height(subjects.len()), title, &conditions(data));
    let names: Vec<String> = contexts.iter().map(|context| names::context(*context)).collect();
    let entries: Vec<(Ink, &str)> = INKS.into_iter().zip(names.iter().map(String::as_str)).collect();
    grid::legend(&mut scene, &entries);
    let labels: Vec<&str> = subjects.iter().map(|&subject| data.subjects[subject].label.as_str()).collect();
    for (panel, &subject) in grid::panels(&mut scene, &labels).into_iter().zip(&subjects) {
        draw_panel(&mut scene, panel, data, subject, &contexts);
    }
    let caption = "Milliseconds from token to token, the first token (TTFT) left out. Lines are medians over the \
                   trials, bands go from the 10th to the 90th percentile. A rise is a growing KV cache, or heat. Every \
                   panel has its own scale.";
    Some(Plot::new("token-latency", title, caption, scene))
}

/// The shortest, the middle and the longest.
fn shown_contexts(data: &ReportData) -> Vec<Context> {
    let mut contexts: Vec<Context> =
        data.cells.iter().filter(|m| !m.tokens_ms.is_empty()).map(|m| m.cell.key.context).collect();
    contexts.sort_unstable();
    contexts.dedup();
    match contexts.len() {
        0..=3 => contexts,
        n => vec![contexts[0], contexts[n / 2], contexts[n - 1]],
    }
}

fn draw_panel(
    scene: &mut Scene,
    panel: grid::Panel,
    data: &ReportData,
    subject: usize,
    contexts: &[Context],
) {
    let series: Vec<(Ink, Vec<Position>)> = contexts
        .iter()
        .zip(INKS)
        .filter_map(|(context, ink)| {
            let measured = data.cells_of(subject).find(|m| m.cell.key.context == *context)?;
            Some((ink, positions(measured)))
        })
        .collect();
    let all = || series.iter().flat_map(|(_, positions)| positions);
    // Bands may leave the panel: one slow token must not flatten the rest.
    let highest = all().map(|(_, p)| p[1]).fold(0.0, f64::max) * 1.15;
    let ninetieth: Vec<f64> = all().map(|(_, p)| p[2]).collect();
    let highest = highest.max(percentile(&ninetieth, 95.0).unwrap_or(0.0));
    let frame = Frame {
        left: panel.left,
        top: panel.top,
        width: panel.width,
        height: panel.height,
        x: Scale::from_zero(all().map(|(x, _)| *x)),
        y: Scale::from_zero([highest]),
    };
    frame.draw_y(scene, "", SMALL);
    frame.draw_x(scene, "", SMALL);
    for (ink, positions) in &series {
        let upper = positions.iter().map(|(x, p)| (frame.px(*x), frame.py(p[2])));
        let lower = positions.iter().rev().map(|(x, p)| (frame.px(*x), frame.py(p[0])));
        scene.push(Mark::Area { points: upper.chain(lower).collect(), ink: *ink, opacity: 0.16 });
    }
    for (ink, positions) in &series {
        let points = positions.iter().map(|(x, p)| (frame.px(*x), frame.py(p[1]))).collect();
        scene.push(Mark::Line { points, ink: *ink, width: 1.6, dashed: false });
    }
    let (x, y) = (frame.left + frame.width / 2.0, frame.bottom() + 27.0);
    scene.text(x, y, "output token; milliseconds", SMALL - 1.5, Anchor::Middle, Ink::Muted);
}

/// The latencies of a cell by token; long outputs in steps.
fn positions(measured: &Measured) -> Vec<Position> {
    let longest = measured.tokens_ms.iter().map(Vec::len).max().unwrap_or(0);
    let step = longest.div_ceil(POINTS).max(1);
    let at = |index: usize| {
        let values: Vec<f64> = measured
            .tokens_ms
            .iter()
            .flat_map(|tokens| tokens.iter().skip(index).take(step))
            .map(|&latency| f64::from(latency))
            .collect();
        let p = |p| percentile(&values, p).unwrap_or(0.0);
        (!values.is_empty()).then(|| (index as f64, [p(10.0), p(50.0), p(90.0)]))
    };
    (1..longest).step_by(step).filter_map(at).collect()
}
