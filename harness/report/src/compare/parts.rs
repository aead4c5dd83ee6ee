//! Parts that the text and the Markdown have in common.

use slm_decide::compare::{Basis, Comparison, Noise, Ratio, Row, Verdict};
use slm_plan::text::{clean, figure};
use slm_results::read::{Key, Metric};

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

/// The noise of the metrics that were tested; once where it is the same for all.
fn noise(comparison: &Comparison) -> String {
    let is_tested = |metric| comparison.ratios().any(|ratio| ratio.metric == metric && ratio.p.is_some());
    let tested: Vec<_> = comparison.noise.iter().filter(|(metric, _)| is_tested(**metric)).collect();
    let text = |noise: &Noise| format!("{:.1} % ({})", 100.0 * noise.value, noise.source.into_str());
    match tested.first() {
        Some((_, first)) if tested.iter().all(|(_, noise)| noise == first) => text(first),
        _ => {
            let each = |(metric, noise): &(&Metric, &Noise)| format!("{} {}", metric.column(), text(noise));
            tested.iter().map(each).collect::<Vec<_>>().join(", ")
        }
    }
}

/// The lines below the table: counts, noise, the evidence behind the ratios.
pub(super) fn closing(comparison: &Comparison) -> Vec<String> {
    let is_told = |verdict: &Verdict| {
        !matches!(verdict, Verdict::Untestable | Verdict::Refused) || comparison.count(*verdict) > 0
    };
    let counts: Vec<String> = Verdict::ALL
        .into_iter()
        .filter(is_told)
        .map(|verdict| format!("{} {}", comparison.count(verdict), verdict.into_str()))
        .collect();
    let total = comparison.ratios().count();
    let mut lines = vec![format!(
        "{} of {total} figures; {} tested, corrected by Holm's method",
        counts.join(", "),
        comparison.tests
    )];
    let noise = noise(comparison);
    if !noise.is_empty() {
        lines.push(format!("noise, which counts as no change: {noise}"));
    }
    let hidden: Vec<f64> = comparison
        .ratios()
        .filter(|ratio| ratio.verdict == Verdict::Inconclusive)
        .filter_map(|ratio| ratio.detectable)
        .collect();
    if let Some(hidden) = slm_stats::median(&hidden) {
        let size = 100.0 * hidden;
        lines.push(format!("inconclusive: a difference below {size:.0} % would not have shown (median)"));
    }
    let too_few = comparison.count(Verdict::Untestable);
    if too_few > 0 {
        lines.push("cannot be tested: one run, or means alone; measure with --runs 5".to_owned());
    }
    for row in &comparison.rows {
        if let Some(refusal) = &row.refusal {
            lines.push(format!("refused: {}: {} (--across allows it)", heading(row), clean(refusal)));
        }
    }
    lines.push("not seen here: another day, another room, another charge of the battery".to_owned());
    for (basis, remark) in [
        (
            Basis::SamePrompts,
            "ratios within each prompt, geometric mean over these prompts; intervals over runs",
        ),
        (Basis::OtherPrompts, "each side's own prompts; intervals over runs"),
        (Basis::Intervals, "no trials, so errors are those of the cells' intervals"),
        (Basis::Means, "no intervals on one side, so nothing can be tested"),
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
