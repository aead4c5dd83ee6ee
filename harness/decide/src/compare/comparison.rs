//! The comparison of two sides.

use super::{
    Noise, Options, Placement, Ratio, Row, Side, Verdict, judge::judge, noise::noise, pairing::pairs,
    placement::placements, ratio::ratio, refusal::refusal, warnings::warnings,
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
    /// What the baseline has and the candidate has not: cells and figures of cells, in words.
    pub missing: Vec<String>,
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
            let in_metric = |&metric| ratio(baseline, b, candidate, c, metric);
            let row = Row {
                baseline: b.clone(),
                candidate: c.clone(),
                ratios: Metric::ALL.iter().filter_map(in_metric).collect(),
                refusal: None,
            };
            Row { refusal: refusal(baseline, candidate, &row, &options.across), ..row }
        })
        .collect();
    let noise = noise(&options.noise);
    let tests = judge(&mut rows, &noise);
    let placements = if options.against_all { placements(&rows) } else { Vec::new() };
    Ok(Comparison {
        baseline: baseline.name.clone(),
        candidate: candidate.name.clone(),
        warnings: warnings(baseline, candidate, &rows),
        missing: missing(baseline, &pairs, &rows),
        only_in_baseline: unmatched(&baseline.cells, pairs.iter().map(|pair| pair.0)),
        only_in_candidate: unmatched(&candidate.cells, pairs.iter().map(|pair| pair.1)),
        rows,
        noise,
        tests,
        placements,
    })
}

impl Comparison {
    /// How many figures have a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.ratios().filter(|ratio| ratio.verdict == verdict).count()
    }

    /// All ratios.
    pub fn ratios(&self) -> impl Iterator<Item = &Ratio> {
        self.rows.iter().flat_map(|row| &row.ratios)
    }
}

/// Cells of the baseline without a partner, and figures that a partner has not.
fn missing(baseline: &Side, pairs: &[(usize, usize)], rows: &[Row]) -> Vec<String> {
    let unmatched = unmatched(&baseline.cells, pairs.iter().map(|pair| pair.0));
    let cells = unmatched.iter().map(|key| format!("{} at {}", key.model, key.context));
    let figures = rows.iter().filter_map(|row| {
        let lost = |metric: &&Metric| {
            row.baseline.estimate(**metric).is_some() && row.candidate.estimate(**metric).is_none()
        };
        let lost: Vec<&str> = Metric::ALL.iter().filter(lost).map(|metric| metric.column()).collect();
        let Key { model, context, .. } = &row.candidate.key;
        (!lost.is_empty()).then(|| format!("{} of {model} at {context}", lost.join(", ")))
    });
    cells.chain(figures).collect()
}

/// The cells that no pair has.
fn unmatched(cells: &[Cell], matched: impl Iterator<Item = usize>) -> Vec<Key> {
    let matched: Vec<usize> = matched.collect();
    let left = cells.iter().enumerate().filter(|(index, _)| !matched.contains(index));
    left.map(|(_, cell)| cell.key.clone()).collect()
}
