//! A comparison for a pull request or an issue.

use super::parts::{closing, heading, interval, p, times};
use slm_decide::compare::{Comparison, Neighbour};
use slm_plan::text::{clean, figure};
use std::fmt::Write;

/// The whole comparison as Markdown.
pub fn markdown(comparison: &Comparison) -> String {
    let mut text = format!(
        "**Baseline:** {}  \n**Candidate:** {}\n\n",
        escaped(&comparison.baseline),
        escaped(&comparison.candidate)
    );
    for warning in &comparison.warnings {
        let _ = writeln!(text, "> **Note:** {}  ", escaped(warning));
    }
    text += "\n| cell | metric | baseline | candidate | ratio | 95 % interval | p (Holm) | verdict |\n";
    text += "|---|---|---:|---:|---:|---:|---:|---|\n";
    for row in &comparison.rows {
        for ratio in &row.ratios {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} | {} |",
                escaped(&heading(row)),
                ratio.metric.heading(),
                figure(ratio.baseline),
                figure(ratio.candidate),
                times(ratio.ratio),
                interval(ratio),
                p(ratio).replace('<', "&lt;"),
                ratio.verdict.into_str()
            );
        }
    }
    if !comparison.placements.is_empty() {
        text += "\n| model | context | metric | next below | candidate | next above | interpolated |\n";
        text += "|---|---|---|---:|---:|---:|---:|\n";
        for place in &comparison.placements {
            let neighbour = |n: &Option<Neighbour>| {
                n.as_ref().map_or("-".into(), |n| format!("{} ({})", figure(n.figure), escaped(&n.model)))
            };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} |",
                escaped(&place.model),
                place.context,
                place.metric.heading(),
                neighbour(&place.below),
                figure(place.figure),
                neighbour(&place.above),
                place.expected.map_or("-".into(), figure)
            );
        }
    }
    text.push('\n');
    for line in closing(comparison) {
        let _ = writeln!(text, "- {}", escaped(&line));
    }
    text
}

/// Names come from files: nothing in them may become markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in clean(text).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '`' | '*' | '[' | ']' | '\\' => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}
