//! Differences between two sides that readers of their ratios must know.

use super::{Row, Side};
use slm_plan::text::clean;
use slm_results::read::Cell;
use std::collections::BTreeSet;

/// Mean prompt or output lengths that differ by more are reported.
const LENGTH_TOLERANCE: f64 = 0.02;

/// All differences, the most important first.
pub(super) fn warnings(baseline: &Side, candidate: &Side, rows: &[Row]) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut compare = |what: &str, theirs: BTreeSet<String>, ours: BTreeSet<String>, so: &str| {
        if theirs == ours || theirs.is_empty() || ours.is_empty() {
            return;
        }
        let list = |set: &BTreeSet<String>| set.iter().map(|text| clean(text)).collect::<Vec<_>>().join(", ");
        warnings.push(format!("{what} differ: {} against {}{so}", list(&theirs), list(&ours)));
    };
    let of = |pick: &dyn Fn(&Cell) -> Option<String>| {
        let theirs = rows.iter().filter_map(|row| pick(&row.baseline));
        (theirs.collect(), rows.iter().filter_map(|row| pick(&row.candidate)).collect())
    };
    let known = |text: &str| (text != super::llama_bench::UNKNOWN).then(|| text.to_owned());
    let (theirs, ours) = of(&|cell| known(&cell.key.device));
    compare("devices", theirs, ours, "; the ratios compare devices, not models");
    let (theirs, ours) = of(&|cell| cell.soc.clone());
    compare("SoCs", theirs, ours, "");
    let (theirs, ours) = of(&|cell| known(&cell.key.backend));
    compare("backends", theirs, ours, "; the ratios compare runtimes too");
    let (theirs, ours) = of(&|cell| known(&cell.key.quant));
    compare("quantizations", theirs, ours, "");
    let (theirs, ours) = of(&|cell| known(&cell.key.weights));
    compare("weights", theirs, ours, "");
    for (what, theirs) in &baseline.made_by {
        if let Some(ours) = candidate.made_by.get(what) {
            compare(what, [theirs.clone()].into(), [ours.clone()].into(), "");
        }
    }
    if rows.iter().any(|row| row.baseline.soc.is_some() != row.candidate.soc.is_some()) {
        warnings.push("the SoC of one side is not known".to_owned());
    }
    warnings.extend(prompts(baseline, candidate));
    warnings.extend(lengths(rows, "prompt lengths", "n_in", |cell| cell.n_in, ""));
    let so = ", so runtimes cannot be compared by themselves";
    warnings.extend(lengths(rows, "output lengths", "n_out", |cell| cell.n_out, so));
    for (side, name) in [(0, &baseline.name), (1, &candidate.name)] {
        let cell = |row: &Row| if side == 0 { row.baseline.n_valid } else { row.candidate.n_valid };
        let doubtful = rows.iter().filter(|row| cell(row) == Some(0)).count();
        if doubtful > 0 {
            warnings.push(format!("{doubtful} cells of {name} have no valid trial, so they have no figures"));
        }
    }
    warnings
}

fn prompts(baseline: &Side, candidate: &Side) -> Option<String> {
    if baseline.prompts.is_empty() || candidate.prompts.is_empty() {
        return Some("prompts cannot be checked: one side does not record them".to_owned());
    }
    let common = baseline.prompts.iter().filter_map(|(id, hash)| Some((hash, candidate.prompts.get(id)?)));
    let (mut same, mut other) = (0, 0);
    for (theirs, ours) in common {
        if theirs == ours { same += 1 } else { other += 1 }
    }
    (other > 0)
        .then(|| format!("{other} of {} prompts with the same name have different texts", same + other))
}

fn lengths(
    rows: &[Row],
    what: &str,
    column: &str,
    pick: impl Fn(&Cell) -> Option<f64>,
    so: &str,
) -> Option<String> {
    let pairs: Vec<_> = rows.iter().map(|row| (pick(&row.baseline), pick(&row.candidate))).collect();
    if pairs.iter().any(|pair| pair.0.is_none() || pair.1.is_none()) {
        return Some(format!("{what} are not known on both sides ({column}){so}"));
    }
    let worst = pairs
        .iter()
        .filter_map(|pair| pair.0.zip(pair.1))
        .max_by(|a, b| (a.1 / a.0).ln().abs().total_cmp(&(b.1 / b.0).ln().abs()))?;
    ((worst.1 / worst.0).ln().abs() > LENGTH_TOLERANCE)
        .then(|| format!("{what} differ, at most {:.0} against {:.0} tokens{so}", worst.0, worst.1))
}
