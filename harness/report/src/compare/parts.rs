//! Parts that the text and the Markdown have in common.

use slm_decide::compare::{Basis, Comparison, Ratio, Row, Verdict};
use slm_plan::text::{clean, figure};
use slm_results::read::Key;

/// A cell in words.
pub(super) fn cell_name(key: &Key) -> String {
    format!("{} at {}", key.model, key.context)
}

/// A pair of cells in words.
pub(super) fn heading(row: &Row) -> String {
    let ours = clean(&cell_name(&row.candidate.key));
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

/// A ratio with three decimals where it is near 1.
pub(super) fn times(ratio: f64) -> String {
    if (0.1..10.0).contains(&ratio) { format!("{ratio:.3}") } else { figure(ratio) }
}

/// The interval of a ratio.
pub(super) fn interval(ratio: &Ratio) -> String {
    match ratio.interval {
        Some(interval) => format!("{} to {}", times(interval.low), times(interval.high)),
        None => "-".into(),
    }
}

/// The corrected p of a ratio.
pub(super) fn p(ratio: &Ratio) -> String {
    match ratio.p_adjusted {
        Some(p) if p < 0.001 => "< 0.001".into(),
        Some(p) => format!("{p:.3}"),
        None => "-".into(),
    }
}

/// The lines below the table: counts, noise, the evidence behind the ratios.
pub(super) fn closing(comparison: &Comparison) -> Vec<String> {
    let counts: Vec<String> = Verdict::ALL
        .iter()
        .map(|&verdict| format!("{} {}", comparison.count(verdict), verdict.into_str()))
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
        lines.push(format!("differences within the noise count as no change: {}", noise.join(", ")));
    }
    for (basis, remark) in [
        (Basis::PairedTrials, "ratios within each prompt, geometric mean over prompts"),
        (Basis::Trials, "prompts differ, so intervals cover prompts as well as repetitions"),
        (Basis::Intervals, "no trials, so errors are those of the cells' intervals"),
        (Basis::Means, "no dispersion on one side, so nothing can be tested"),
    ] {
        let count = comparison.ratios().filter(|ratio| ratio.basis == basis).count();
        if count > 0 {
            lines.push(format!("{count} from {}: {remark}", basis.into_str()));
        }
    }
    for (cells, whose) in
        [(&comparison.only_in_baseline, "baseline"), (&comparison.only_in_candidate, "candidate")]
    {
        if !cells.is_empty() {
            let shown: Vec<String> = cells.iter().take(4).map(|cell| clean(&cell_name(cell))).collect();
            let more = if cells.len() > 4 { format!(" and {} more", cells.len() - 4) } else { String::new() };
            lines.push(format!("only in the {whose}: {}{more}", shown.join(", ")));
        }
    }
    lines
}
