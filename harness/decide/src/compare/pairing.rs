//! Which cell of the baseline is compared with which of the candidate.

use super::{Options, Side};
use slm_plan::error::{Error, Result};
use slm_results::read::Cell;
use std::collections::BTreeSet;

/// Pairs of indexes (baseline, candidate), in the candidate's order; when compared
/// against all, the partners of each candidate ascend in size.
pub(super) fn pairs(baseline: &Side, candidate: &Side, options: &Options) -> Result<Vec<(usize, usize)>> {
    for (theirs, ours) in &options.map {
        known(theirs, baseline)?;
        known(ours, candidate)?;
    }
    let mut pairs = Vec::new();
    for (index, cell) in candidate.cells.iter().enumerate() {
        if options.against_all {
            let mut all: Vec<usize> = (0..baseline.cells.len())
                .filter(|&other| same_context(&baseline.cells[other], cell))
                .collect();
            all.sort_by_key(|&other| baseline.cells[other].params);
            pairs.extend(all.into_iter().map(|other| (other, index)));
        } else {
            pairs.extend(partner(baseline, cell, options).map(|other| (other, index)));
        }
    }
    if pairs.is_empty() {
        let what = format!(
            "nothing to compare: {} has {}, {} has {}",
            baseline.name,
            models(baseline),
            candidate.name,
            models(candidate)
        );
        let remedy = "no model is in both at the same context length; pair models with --map BASELINE=CANDIDATE, or \
                      compare a new model with all of them by --against-all";
        return Err(Error::input(what, remedy));
    }
    Ok(pairs)
}

/// The cell of the same model and context that agrees in most of device, backend,
/// quantization and weights.
fn partner(baseline: &Side, cell: &Cell, options: &Options) -> Option<usize> {
    let mapped = options.map.iter().find(|(_, ours)| **ours == cell.key.model);
    let model = mapped.map_or(&cell.key.model, |(theirs, _)| theirs);
    let fits = |other: &&usize| {
        let other = &baseline.cells[**other];
        other.key.model == *model && same_context(other, cell)
    };
    let agreement = |&other: &usize| {
        let (a, b) = (&baseline.cells[other].key, &cell.key);
        [a.device == b.device, a.backend == b.backend, a.quant == b.quant, a.weights == b.weights]
    };
    let all: Vec<usize> = (0..baseline.cells.len()).collect();
    // The first of equals, hence in reverse.
    all.iter().rev().filter(fits).max_by_key(|other| agreement(other)).copied()
}

fn same_context(other: &Cell, cell: &Cell) -> bool {
    other.key.context == cell.key.context
}

fn known(model: &str, side: &Side) -> Result<()> {
    if side.cells.iter().any(|cell| cell.key.model == model) {
        return Ok(());
    }
    let what = format!("--map names '{model}', which is not in {}", side.name);
    Err(Error::input(what, format!("it has {}", models(side))))
}

fn models(side: &Side) -> String {
    let names: BTreeSet<String> =
        side.cells.iter().map(|cell| format!("{} at {}", cell.key.model, cell.key.context)).collect();
    let shown: Vec<&str> = names.iter().take(6).map(String::as_str).collect();
    let more = if names.len() > shown.len() {
        format!(" and {} more", names.len() - shown.len())
    } else {
        String::new()
    };
    format!("{}{more}", shown.join(", "))
}
