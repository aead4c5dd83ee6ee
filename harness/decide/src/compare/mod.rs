//! Two sets of figures set beside each other: for each cell and metric the ratio
//! candidate / baseline, its 95 % interval, and a verdict that holds for all of
//! them together. docs/comparisons.md says how, and how well it works.

mod json;
pub mod llama_bench;
mod markdown;
mod pairing;
mod placement;
mod ratio;
mod side;
mod text;
mod verdict;
mod warnings;

pub use json::json;
pub use markdown::markdown;
pub use placement::Placement;
pub use ratio::{Basis, Ratio};
pub use side::{CellTrials, Side};
pub use text::text;
pub use verdict::Verdict;

use slm_plan::error::{Error, Result};
use slm_results::read::{Cell, Context, Metric};
use slm_stats::median;
use std::collections::BTreeMap;

/// The least noise that is taken for granted where it is measured: what lies
/// between two runs of a process is not seen by the repetitions within one.
const LEAST_NOISE: f64 = 0.01;
/// The most that is taken for noise where it is measured: sweeps that were disturbed
/// are inconclusive, not unchanged.
const MOST_NOISE: f64 = 0.05;

/// How to compare.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Relative differences up to this are none; `None`: measured.
    pub noise: Option<f64>,
    /// Baseline's model name to candidate's.
    pub map: BTreeMap<String, String>,
    /// Set every model of the candidate against all of the baseline's.
    pub against_all: bool,
    /// Seed of intervals and permutations.
    pub seed: u64,
}

/// Noise of a metric: differences up to this are none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// Relative.
    pub value: f64,
    /// Whether it was measured from repetitions.
    pub measured: bool,
}

/// One pair of cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The baseline's cell.
    pub baseline: Cell,
    /// The candidate's.
    pub candidate: Cell,
    /// Metric by metric, those that both have.
    pub ratios: Vec<Ratio>,
}

/// The whole comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What is compared against, as given.
    pub baseline: String,
    /// What is compared, as given.
    pub candidate: String,
    /// In what the two differ beside the figures.
    pub warnings: Vec<String>,
    /// Pairs of cells, in the candidate's order.
    pub rows: Vec<Row>,
    /// Noise by metric.
    pub noise: BTreeMap<Metric, Noise>,
    /// Tests corrected for together.
    pub tests: usize,
    /// Cells that have no partner: of the baseline, of the candidate.
    pub unmatched: (Vec<String>, Vec<String>),
    /// New sizes between their neighbours; only when set against all.
    pub placements: Vec<Placement>,
}

/// Compares.
///
/// # Errors
/// [`Error::Input`] when a mapped model is not there or no cell has a partner.
pub fn compare(baseline: &Side, candidate: &Side, options: &Options) -> Result<Comparison> {
    let pairs = pairing::pairs(baseline, candidate, options)?;
    let mut rows: Vec<Row> = pairs
        .iter()
        .map(|&(b, c)| {
            let (b, c) = (&baseline.cells[b], &candidate.cells[c]);
            let ratio = |&metric| ratio::ratio(baseline, b, candidate, c, metric, options.seed);
            Row {
                baseline: b.clone(),
                candidate: c.clone(),
                ratios: Metric::ALL.iter().filter_map(ratio).collect(),
            }
        })
        .collect();
    let noise = noise(&rows, options.noise);
    let tests = verdict::judge(&mut rows, &noise);
    let placements = if options.against_all { placement::placements(&rows) } else { Vec::new() };
    Ok(Comparison {
        baseline: baseline.name.clone(),
        candidate: candidate.name.clone(),
        warnings: warnings::warnings(baseline, candidate, &rows),
        unmatched: (
            unmatched(&baseline.cells, pairs.iter().map(|pair| pair.0)),
            unmatched(&candidate.cells, pairs.iter().map(|pair| pair.1)),
        ),
        rows,
        noise,
        tests,
        placements,
    })
}

impl Comparison {
    /// Whether anything became worse beyond doubt.
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

/// The noise of each metric: as given, or the median over cells of the standard
/// deviation of one repetition about its prompt's mean, within 1 and 5 %.
fn noise(rows: &[Row], given: Option<f64>) -> BTreeMap<Metric, Noise> {
    let of = |metric| {
        let ratios = rows.iter().flat_map(|row| &row.ratios).filter(|ratio| ratio.metric == metric);
        let found: Vec<f64> = ratios.filter_map(|ratio| ratio.noise).collect();
        match (given, median(&found)) {
            (Some(value), _) => Noise { value, measured: false },
            (None, Some(value)) => {
                Noise { value: value.exp_m1().clamp(LEAST_NOISE, MOST_NOISE), measured: true }
            }
            (None, None) => Noise { value: LEAST_NOISE, measured: false },
        }
    };
    Metric::ALL.into_iter().map(|metric| (metric, of(metric))).collect()
}

fn unmatched(cells: &[Cell], matched: impl Iterator<Item = usize>) -> Vec<String> {
    let matched: Vec<usize> = matched.collect();
    let left = cells.iter().enumerate().filter(|(index, _)| !matched.contains(index));
    left.map(|(_, cell)| name(cell)).collect()
}

/// A cell in words.
fn name(cell: &Cell) -> String {
    match cell.key.context {
        Context::Unknown => format!("{} (failed)", cell.key.model),
        context => format!("{} at {context}", cell.key.model),
    }
}

/// Nothing could be set beside each other.
fn nothing(what: String, remedy: &str) -> Error {
    Error::input(what, remedy)
}

#[cfg(test)]
pub(crate) mod tests;
