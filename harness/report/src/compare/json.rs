//! A comparison for programs.

use super::parts::cell_name;
use serde_json::{Value, json};
use slm_decide::compare::{Comparison, Neighbour, Ratio, Row, Verdict};
use slm_results::read::{Cell, Key};

/// The whole comparison. `format` counts as in results folders: another major
/// version means other names.
pub fn json(comparison: &Comparison) -> Value {
    let counts: serde_json::Map<String, Value> = Verdict::ALL
        .iter()
        .map(|&verdict| (verdict.into_str().replace(' ', "_"), comparison.count(verdict).into()))
        .collect();
    let noise: serde_json::Map<String, Value> = comparison
        .noise
        .iter()
        .map(|(metric, noise)| {
            (metric.column().to_owned(), json!({ "value": noise.value, "source": noise.source.into_str() }))
        })
        .collect();
    json!({
        "format": "1.0",
        "baseline": comparison.baseline,
        "candidate": comparison.candidate,
        "warnings": comparison.warnings,
        "counts": counts,
        "tests": comparison.tests,
        "noise": noise,
        "rows": comparison.rows.iter().flat_map(row).collect::<Vec<_>>(),
        "placements": comparison.placements.iter().map(|place| {
            let neighbour = |n: &Option<Neighbour>| n.as_ref().map(|n| {
                json!({ "model": n.model, "params": n.params, "figure": n.figure })
            });
            json!({
                "model": place.model,
                "params": place.params,
                "context": place.context.to_string(),
                "metric": place.metric.column(),
                "figure": place.figure,
                "below": neighbour(&place.below),
                "above": neighbour(&place.above),
                "expected": place.expected,
            })
        }).collect::<Vec<_>>(),
        "missing": comparison.missing,
        "only_in_baseline": names(&comparison.only_in_baseline),
        "only_in_candidate": names(&comparison.only_in_candidate),
    })
}

fn names(cells: &[Key]) -> Vec<String> {
    cells.iter().map(cell_name).collect()
}

fn row(row: &Row) -> impl Iterator<Item = Value> {
    let cell = |cell: &Cell| {
        json!({
            "device": cell.key.device,
            "backend": cell.key.backend,
            "model": cell.key.model,
            "weights": cell.key.weights,
            "quant": cell.key.quant,
            "params": cell.params,
        })
    };
    let (baseline, candidate) = (cell(&row.baseline), cell(&row.candidate));
    let context = row.candidate.key.context.to_string();
    row.ratios.iter().map(move |ratio| value(ratio, &context, &baseline, &candidate))
}

fn value(ratio: &Ratio, context: &str, baseline: &Value, candidate: &Value) -> Value {
    json!({
        "context": context,
        "metric": ratio.metric.column(),
        "baseline": { "cell": baseline, "mean": ratio.baseline },
        "candidate": { "cell": candidate, "mean": ratio.candidate },
        "ratio": ratio.ratio,
        "ratio_ci_low": ratio.interval.map(|interval| interval.low),
        "ratio_ci_high": ratio.interval.map(|interval| interval.high),
        "p": ratio.p,
        "p_holm": ratio.p_adjusted,
        "detectable": ratio.detectable,
        "basis": ratio.basis.into_str(),
        "verdict": ratio.verdict.into_str(),
    })
}
