//! A history for a terminal of 80 columns.

use super::{
    naming::{Naming, cell, setup},
    parts::{changes, closing, course, drift, event, named, step, summary, uncertainty},
    percent::percent,
};
use slm_decide::history::{History, Point, Series, Step};
use slm_plan::text::{clean, columns, figure};
use std::fmt::Write;

const WIDTH: usize = 80;

/// The whole history as text.
pub fn text(history: &History) -> String {
    let mut text = wrapped(&summary(history), "");
    for skipped in &history.skipped {
        let why = format!("! {} is skipped: {}", skipped.folder.display(), skipped.why);
        text += &wrapped(&clean(&why), "  ");
    }
    text += "\n";
    text += &columns(&table(history));
    let naming = Naming::of(&history.series.iter());
    text += &steps(history, &naming);
    text += &drifts(history, &naming);
    if !history.events.is_empty() {
        text += "\nWhat changed between sweeps\n";
        for own in &history.events {
            text += &wrapped(&format!("  {}", event(history, own)), "    ");
        }
    }
    text.push('\n');
    for line in closing(history) {
        text += &wrapped(&line, "  ");
    }
    text
}

fn table(history: &History) -> Vec<Vec<String>> {
    let header = ["", "sweeps", "first", "last", "change", "course"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    let (mut last_setup, mut last_cell) = (String::new(), String::new());
    for series in &history.series {
        let (own_setup, own_cell) = (setup(series), cell(series));
        if own_setup != last_setup {
            rows.extend([vec![String::new()], vec![own_setup.clone()]]);
            last_cell.clear();
        }
        if own_cell != last_cell {
            rows.push(vec![format!("  {own_cell}")]);
        }
        (last_setup, last_cell) = (own_setup, own_cell);
        rows.push(row(series));
    }
    rows
}

fn row(series: &Series) -> Vec<String> {
    let mean = |point: Option<&Point>| point.map_or("-".into(), |point| figure(point.estimate.mean));
    vec![
        format!("    {}", series.key.metric.heading()),
        series.points.len().to_string(),
        mean(series.points.first()),
        mean(series.points.last()),
        series.total().map_or("-".into(), |total| percent(total, 1)),
        course(series),
    ]
}

/// The steps, sweep by sweep, with what changed there.
fn steps(history: &History, naming: &Naming) -> String {
    let steps = history.steps();
    let mut text = String::new();
    if !steps.is_empty() {
        text += "\nSteps\n";
    }
    for same in steps.chunk_by(|a, b| sweep_of(*a) == sweep_of(*b) && a.1.changes == b.1.changes) {
        let (series, first) = same[0];
        let with = if first.changes.is_empty() {
            "; nothing else is known to have changed".to_owned()
        } else {
            format!(", with {}", changes(&first.changes))
        };
        text += &wrapped(&format!("  {}{with}", named(history, series.points[first.at].sweep)), "    ");
        for (series, own) in same {
            let place = uncertainty(history, series, own).map_or(String::new(), |place| format!("; {place}"));
            let line = format!("    {}: {}{place}", name(naming, series), step(series, own));
            text += &wrapped(&line, "      ");
        }
    }
    text
}

fn sweep_of((series, step): (&Series, &Step)) -> usize {
    series.points[step.at].sweep
}

fn drifts(history: &History, naming: &Naming) -> String {
    let mut text = String::new();
    for series in history.drifts() {
        if text.is_empty() {
            text += "\nDrifts\n";
        }
        let line = format!("  {}: {}", name(naming, series), drift(series).unwrap_or_default());
        text += &wrapped(&line, "    ");
    }
    text
}

fn name(naming: &Naming, series: &Series) -> String {
    format!("{}, {}", naming.cell(series), series.key.metric.heading())
}

/// A text in lines of 80 columns, all but the first indented; longer words stay whole, and a percentage too.
fn wrapped(text: &str, indent: &str) -> String {
    let text = text.replace(" %", "\u{a0}%");
    let start = text.len() - text.trim_start().len();
    let (mut lines, mut line) = (String::new(), text[..start].to_owned());
    let mut is_empty = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let room = line.chars().count() + usize::from(!is_empty) + word.chars().count();
        if room > WIDTH && !is_empty {
            let _ = writeln!(lines, "{line}");
            indent.clone_into(&mut line);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    (lines + &line + "\n").replace('\u{a0}', " ")
}
