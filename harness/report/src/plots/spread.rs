//! Every trial of each cell as a point, over the box of its quartiles.

use super::{Plot, conditions::conditions};
use crate::{
    data::{Measured, Point, ReportData},
    draw::{
        frame::Frame,
        grid,
        palette::Ink,
        scale::Scale,
        scene::{Anchor, Mark, SMALL, Scene, Shape},
    },
    names,
};
use slm_results::schema::Verdict;
use slm_stats::percentile;

/// A figure whose spread is shown.
struct Kind {
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    pick: fn(&Point) -> f32,
}

const KINDS: [Kind; 2] = [
    Kind {
        name: "otps",
        title: "Spread of decode speed (OTPS)",
        unit: "tokens per second",
        pick: |p| p.otps,
    },
    Kind {
        name: "ttft",
        title: "Spread of the time to first token (TTFT)",
        unit: "seconds",
        pick: |p| p.ttft_s,
    },
];

/// Points of a plot at most: a page should stay small.
const POINTS: usize = 1_200;
const VALID: Ink = Ink::Hue(0);
const SUSPECT: Ink = Ink::Hue(1);

/// A plot for each figure.
pub(crate) fn plots(data: &ReportData) -> Vec<Plot> {
    KINDS.iter().filter_map(|kind| plot(data, kind)).collect()
}

fn plot(data: &ReportData, kind: &Kind) -> Option<Plot> {
    let has = |subject: &usize| {
        data.cells_of(*subject).any(|m| m.trials.iter().any(|p| (kind.pick)(p).is_finite()))
    };
    let subjects: Vec<usize> = (0..data.subjects.len()).filter(has).collect();
    if subjects.is_empty() {
        return None;
    }
    let mut scene = Scene::titled(grid::height(subjects.len()), kind.title, &conditions(data));
    grid::legend(&mut scene, &[(VALID, "valid trial"), (SUSPECT, "suspect or throttled trial")]);
    let names: Vec<&str> = subjects.iter().map(|&subject| data.subjects[subject].label.as_str()).collect();
    let each = (POINTS / data.cells.len().max(1)).clamp(6, 60);
    for (panel, &subject) in grid::panels(&mut scene, &names).into_iter().zip(&subjects) {
        draw_panel(&mut scene, panel, data, subject, kind, each);
    }
    let most = data.cells.iter().map(|m| m.trials.len()).max().unwrap_or(0);
    let sampled =
        if most > each { format!(" Of each cell, {each} trials are drawn.") } else { String::new() };
    let caption = format!(
        "Points are trials (crosses: suspect or throttled), boxes their quartiles with the median. The spread covers the \
         cell's prompts, runs and repetitions.{sampled}"
    );
    Some(Plot::new(format!("spread-{}", kind.name), kind.title, caption, scene))
}

fn draw_panel(
    scene: &mut Scene,
    panel: grid::Panel,
    data: &ReportData,
    subject: usize,
    kind: &Kind,
    each: usize,
) {
    let cells: Vec<_> = data.cells_of(subject).collect();
    let kept: Vec<Vec<(f64, bool)>> = cells.iter().map(|measured| spread_out(measured, kind, each)).collect();
    let values: Vec<f64> = kept.iter().flatten().map(|(value, _)| *value).collect();
    let frame = Frame {
        left: panel.left,
        top: panel.top,
        width: panel.width,
        height: panel.height,
        x: Scale::from_zero([1.0]),
        // Points need no zero: what they differ by is what is looked at.
        y: if Scale::fitting(&values).is_log() { Scale::log(values) } else { Scale::between(&values) },
    };
    frame.draw_y(scene, "", SMALL);
    frame.draw_base(scene);
    let slot = frame.width / cells.len() as f64;
    let half = (slot * 0.3).min(28.0);
    for (index, (measured, points)) in cells.iter().zip(&kept).enumerate() {
        let middle = frame.left + slot * (index as f64 + 0.5);
        let name = names::context_short(measured.cell.key.context);
        scene.text(middle, frame.bottom() + 12.0, &name, SMALL, Anchor::Middle, Ink::Muted);
        draw_box(scene, &frame, middle, half, points);
        for (place, (value, suspect)) in points.iter().enumerate() {
            // A fixed pattern instead of chance, so that a report can be made anew bit by bit.
            let x = middle + half * 1.6 * ((place as f64 * 0.618_034).fract() - 0.5);
            let (shape, ink) = if *suspect { (Shape::Cross, SUSPECT) } else { (Shape::Disc, VALID) };
            scene.push(Mark::Dot { x, y: frame.py(*value), radius: 2.0, shape, ink, opacity: 1.0 });
        }
    }
    let text = format!(
        "{}; {}",
        names::context_unit(&cells.iter().map(|m| m.cell.key.context).collect::<Vec<_>>()),
        kind.unit
    );
    let log = if frame.y.is_log() { ", log scale" } else { "" };
    let (x, y) = (frame.left + frame.width / 2.0, frame.bottom() + 27.0);
    scene.text(x, y, &format!("{text}{log}"), SMALL - 1.5, Anchor::Middle, Ink::Muted);
}

fn draw_box(scene: &mut Scene, frame: &Frame, middle: f64, half: f64, points: &[(f64, bool)]) {
    let values: Vec<f64> = points.iter().map(|(value, _)| *value).collect();
    let p = |p| percentile(&values, p).map(|value| frame.py(value));
    if let (Some(low), Some(median), Some(high)) = (p(25.0), p(50.0), p(75.0)) {
        let (x, w) = (middle - half, 2.0 * half);
        scene.push(Mark::Bar { x, y: high, w, h: (low - high).max(1.0), ink: Ink::Grid, opacity: 0.9 });
        scene.line((x, median), (x + w, median), Ink::Muted, 1.5);
    }
}

/// Trials of a cell, thinned evenly over their order by value, so that quartiles and
/// extremes stay; and whether each is suspect.
fn spread_out(measured: &Measured, kind: &Kind, each: usize) -> Vec<(f64, bool)> {
    let mut points: Vec<(f64, bool)> = measured
        .trials
        .iter()
        .map(|point| (f64::from((kind.pick)(point)), point.verdict != Verdict::Valid))
        .filter(|(value, _)| value.is_finite())
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    if points.len() <= each {
        return points;
    }
    (0..each).map(|i| points[i * (points.len() - 1) / (each - 1)]).collect()
}
