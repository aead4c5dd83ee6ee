//! A comparison for people.

use super::{Basis, Comparison, Placement, Ratio, Row, Verdict, name};
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

/// A pair of cells in words.
pub(super) fn heading(row: &Row) -> String {
    let ours = clean(&name(&row.candidate));
    if row.baseline.key.model == row.candidate.key.model {
        return ours;
    }
    let params =
        |params: Option<u64>| params.map_or(String::new(), |n| format!(" ({:.0} M)", n as f64 / 1e6));
    format!(
        "{ours}{} against {}{}",
        params(row.candidate.params),
        clean(&row.baseline.key.model),
        params(row.baseline.params)
    )
}

fn ratio_row(ratio: &Ratio) -> Vec<String> {
    vec![
        format!("  {}", ratio.metric.heading()),
        figure(ratio.baseline),
        figure(ratio.candidate),
        times(ratio.ratio),
        interval(ratio),
        p(ratio),
        ratio.verdict.name().to_owned(),
    ]
}

/// A ratio with three decimals where it is near 1.
pub(super) fn times(ratio: f64) -> String {
    if (0.1..10.0).contains(&ratio) { format!("{ratio:.3}") } else { figure(ratio) }
}

pub(super) fn interval(ratio: &Ratio) -> String {
    match ratio.interval {
        Some(interval) => format!("{} to {}", times(interval.low), times(interval.high)),
        None => "-".into(),
    }
}

pub(super) fn p(ratio: &Ratio) -> String {
    match ratio.p_adjusted {
        Some(p) if p < 0.001 => "< 0.001".into(),
        Some(p) => format!("{p:.3}"),
        None => "-".into(),
    }
}

fn placements(placements: &[Placement]) -> String {
    if placements.is_empty() {
        return String::new();
    }
    let header =
        ["between neighbours in size", "next below", "candidate", "next above", "on the line", "ratio to it"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for place in placements {
        let neighbour = |neighbour: &Option<super::placement::Neighbour>| match neighbour {
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

/// What stands below the table: counts, noise, what the ratios rest on.
pub(super) fn closing(comparison: &Comparison) -> Vec<String> {
    let counts: Vec<String> = Verdict::ALL
        .iter()
        .map(|&verdict| format!("{} {}", comparison.count(verdict), verdict.name()))
        .collect();
    let total = comparison.ratios().count();
    let mut lines = vec![format!(
        "{} of {total} figures; {} tested, corrected by Holm's method",
        counts.join(", "),
        comparison.tests
    )];
    let noise: Vec<String> = comparison
        .noise
        .iter()
        .filter(|(metric, _)| comparison.ratios().any(|ratio| ratio.metric == **metric && ratio.p.is_some()))
        .map(|(metric, noise)| {
            let how = if noise.measured { "" } else { " (not measured)" };
            format!("{} {:.1} %{how}", metric.column(), 100.0 * noise.value)
        })
        .collect();
    if !noise.is_empty() {
        lines.push(format!("differences up to the noise count for none: {}", noise.join(", ")));
    }
    for (basis, remark) in [
        (Basis::PairedTrials, "ratios within each prompt, geometric mean over prompts"),
        (Basis::Trials, "prompts differ, so intervals cover prompts as well as repetitions"),
        (Basis::Intervals, "no trials at hand, errors are those of the cells' intervals"),
        (Basis::Means, "no dispersion on one side, so nothing can be tested; the ratio is all there is"),
    ] {
        let count = comparison.ratios().filter(|ratio| ratio.basis == basis).count();
        if count > 0 {
            lines.push(format!("{count} from {}: {remark}", basis.name()));
        }
    }
    for (cells, whose) in [(&comparison.unmatched.0, "baseline"), (&comparison.unmatched.1, "candidate")] {
        if !cells.is_empty() {
            let shown: Vec<String> = cells.iter().take(4).map(|cell| clean(cell)).collect();
            let more = if cells.len() > 4 { format!(" and {} more", cells.len() - 4) } else { String::new() };
            lines.push(format!("only in the {whose}: {}{more}", shown.join(", ")));
        }
    }
    lines
}
