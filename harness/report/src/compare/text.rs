//! A comparison for a terminal.

use super::parts::{closing, heading, interval, p, times};
use slm_decide::compare::{Comparison, Neighbour, Placement, Ratio};
use slm_plan::text::{clean, columns, figure};
use std::fmt::Write;

/// The whole comparison as text.
pub fn text(comparison: &Comparison) -> String {
    let mut text =
        format!("baseline   {}\ncandidate  {}\n", clean(&comparison.baseline), clean(&comparison.candidate));
    for warning in &comparison.warnings {
        let _ = writeln!(text, "! {}", clean(warning));
    }
    text.push('\n');
    text += &columns(&table(comparison));
    text += &placements(&comparison.placements);
    text.push('\n');
    for line in closing(comparison) {
        let _ = writeln!(text, "{line}");
    }
    text
}

fn table(comparison: &Comparison) -> Vec<Vec<String>> {
    let header = ["", "baseline", "candidate", "ratio", "95 % interval", "p (Holm)", "verdict"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for row in &comparison.rows {
        rows.push(vec![String::new()]);
        rows.push(vec![heading(row)]);
        rows.extend(row.ratios.iter().map(ratio_row));
    }
    rows
}

fn ratio_row(ratio: &Ratio) -> Vec<String> {
    vec![
        format!("  {}", ratio.metric.heading()),
        figure(ratio.baseline),
        figure(ratio.candidate),
        times(ratio.ratio),
        interval(ratio),
        p(ratio),
        ratio.verdict.into_str().to_owned(),
    ]
}

fn placements(placements: &[Placement]) -> String {
    if placements.is_empty() {
        return String::new();
    }
    let header = [
        "between neighbours in size",
        "next below",
        "candidate",
        "next above",
        "interpolated",
        "ratio to that",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for place in placements {
        let neighbour = |neighbour: &Option<Neighbour>| match neighbour {
            Some(n) => format!("{} ({})", figure(n.figure), clean(&n.model)),
            None => "-".into(),
        };
        rows.push(vec![
            format!("{} at {}, {}", clean(&place.model), place.context, place.metric.heading()),
            neighbour(&place.below),
            figure(place.figure),
            neighbour(&place.above),
            place.expected.map_or("-".into(), figure),
            place.expected.map_or("-".into(), |expected| times(place.figure / expected)),
        ]);
    }
    format!("\n{}", columns(&rows))
}
