//! The comparison of two sides.

use super::{
    Noise, Options, Placement, Ratio, Row, Side, Verdict, judge::judge, noise::noise, pairing::pairs,
    placement::placements, ratio::ratio, warnings::warnings,
};
use slm_plan::error::Result;
use slm_results::read::{Cell, Key, Metric};
use std::collections::BTreeMap;

/// The whole comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What is compared against, as given.
    pub baseline: String,
    /// What is compared, as given.
    pub candidate: String,
    /// What else differs between the two, in sentences.
    pub warnings: Vec<String>,
    /// Pairs of cells, in the candidate's order.
    pub rows: Vec<Row>,
    /// Noise by metric.
    pub noise: BTreeMap<Metric, Noise>,
    /// Tests corrected for together.
    pub tests: usize,
    /// Cells of the baseline that have no partner.
    pub only_in_baseline: Vec<Key>,
    /// Cells of the candidate that have no partner.
    pub only_in_candidate: Vec<Key>,
    /// The candidates between their neighbours in size; only when compared against all.
    pub placements: Vec<Placement>,
}

/// Compares two sides cell by cell.
///
/// # Errors
/// [`Error::Input`] when a mapped model is not there or no cell has a partner.
pub fn compare(baseline: &Side, candidate: &Side, options: &Options) -> Result<Comparison> {
    let pairs = pairs(baseline, candidate, options)?;
    let mut rows: Vec<Row> = pairs
        .iter()
        .map(|&(b, c)| {
            let (b, c) = (&baseline.cells[b], &candidate.cells[c]);
            let in_metric = |&metric| ratio(baseline, b, candidate, c, metric, options.seed);
            Row {
                baseline: b.clone(),
                candidate: c.clone(),
                ratios: Metric::ALL.iter().filter_map(in_metric).collect(),
            }
        })
        .collect();
    let noise = noise(&rows, options.noise);
    let tests = judge(&mut rows, &noise);
    let placements = if options.against_all { placements(&rows) } else { Vec::new() };
    Ok(Comparison {
        baseline: baseline.name.clone(),
        candidate: candidate.name.clone(),
        warnings: warnings(baseline, candidate, &rows),
        only_in_baseline: unmatched(&baseline.cells, pairs.iter().map(|pair| pair.0)),
        only_in_candidate: unmatched(&candidate.cells, pairs.iter().map(|pair| pair.1)),
        rows,
        noise,
        tests,
        placements,
    })
}

impl Comparison {
    /// Whether any figure regressed.
    pub fn has_regressed(&self) -> bool {
        self.count(Verdict::Regressed) > 0
    }

    /// How many figures have a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.ratios().filter(|ratio| ratio.verdict == verdict).count()
    }

    /// All ratios.
    pub fn ratios(&self) -> impl Iterator<Item = &Ratio> {
        self.rows.iter().flat_map(|row| &row.ratios)
    }
}

/// The cells that no pair has.
fn unmatched(cells: &[Cell], matched: impl Iterator<Item = usize>) -> Vec<Key> {
    let matched: Vec<usize> = matched.collect();
    let left = cells.iter().enumerate().filter(|(index, _)| !matched.contains(index));
    left.map(|(_, cell)| cell.key.clone()).collect()
}
