//! A history for a pull request or an issue.

use super::{
    naming::{Naming, cell, setup},
    parts::{changes, closing, course, drift, event, named, step, summary},
    percent::percent,
};
use crate::markdown::escaped;
use slm_decide::history::{History, Point};
use slm_plan::text::figure;
use std::fmt::Write;

/// The whole history as Markdown.
pub fn markdown(history: &History) -> String {
    let mut text = format!("{}\n\n", escaped(&summary(history)));
    for skipped in &history.skipped {
        let why = format!("{} is skipped: {}", skipped.folder.display(), skipped.why);
        let _ = writeln!(text, "> **Note:** {}  ", escaped(&why));
    }
    text += "\n| setup | cell | metric | sweeps | first | last | change | course |\n";
    text += "|---|---|---|---:|---:|---:|---:|---|\n";
    for series in &history.series {
        let mean = |point: Option<&Point>| point.map_or("-".into(), |point| figure(point.estimate.mean));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            escaped(&setup(series)),
            escaped(&cell(series)),
            series.key.metric.heading(),
            series.points.len(),
            mean(series.points.first()),
            mean(series.points.last()),
            series.total().map_or("-".into(), |total| percent(total, 1)),
            course(series)
        );
    }
    text += &details(history);
    text.push('\n');
    for line in closing(history) {
        let _ = writeln!(text, "- {}", escaped(&line));
    }
    text
}

/// Steps, drifts, and what changed between sweeps.
fn details(history: &History) -> String {
    let mut text = String::new();
    let naming = Naming::of(&history.series.iter());
    let steps = history.steps();
    if !steps.is_empty() {
        text += "\n| sweep | cell | metric | step | what else changed |\n|---|---|---|---|---|\n";
    }
    for (series, own) in steps {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            escaped(&named(history, series.points[own.at].sweep)),
            escaped(&naming.cell(series)),
            series.key.metric.heading(),
            escaped(&step(series, own)),
            escaped(&changes(&own.changes))
        );
    }
    if history.drifts().next().is_some() {
        text += "\n| cell | metric | drift |\n|---|---|---|\n";
    }
    for series in history.drifts() {
        let drift = drift(series).unwrap_or_default();
        let _ = writeln!(
            text,
            "| {} | {} | {drift} |",
            escaped(&naming.cell(series)),
            series.key.metric.heading()
        );
    }
    if !history.events.is_empty() {
        text += "\nWhat changed between sweeps:\n\n";
    }
    for own in &history.events {
        let _ = writeln!(text, "- {}", escaped(&event(history, own)));
    }
    text
}
