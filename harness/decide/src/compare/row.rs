//! A pair of cells with its ratios.

use super::Ratio;
use slm_results::read::Cell;

/// One pair of cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The baseline's cell.
    pub baseline: Cell,
    /// The candidate's.
    pub candidate: Cell,
    /// Metric by metric, those that both have.
    pub ratios: Vec<Ratio>,
    /// Why there are no verdicts: settings that differ.
    pub refusal: Option<String>,
}
