//! Errors of a fit on cells that it has not seen: each cell is left out in turn, then
//! each model with all of its cells. The exponent is fitted again each time.

use super::{Curve, Observation, Quantity};
use slm_stats::{median, percentile};
use std::collections::BTreeSet;

/// Fewest held-out cells from which an interval is taken.
const FEWEST: usize = 4;

/// Truth / prediction of every cell left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeldOut {
    /// One cell left out at a time.
    pub cells: Vec<f64>,
    /// All cells of a model left out at a time.
    pub models: Vec<f64>,
}

/// Leaves out every cell, and every model.
pub(super) fn errors(quantity: Quantity, observations: &[Observation]) -> HeldOut {
    let without = |keep: &dyn Fn(usize) -> bool| -> Vec<f64> {
        let kept: Vec<Observation> =
            (0..observations.len()).filter(|&i| keep(i)).map(|i| observations[i].clone()).collect();
        let Some(curve) = Curve::of(quantity, &kept) else { return Vec::new() };
        let left_out = (0..observations.len()).filter(|&i| !keep(i)).map(|i| &observations[i]);
        let ratio = |o: &Observation| o.figure / curve.figure(&o.size, o.tokens);
        left_out.map(ratio).filter(|ratio| ratio.is_finite() && *ratio > 0.0).collect()
    };
    let models: BTreeSet<&str> = observations.iter().map(|o| o.model.as_str()).collect();
    HeldOut {
        cells: (0..observations.len()).flat_map(|out| without(&|i| i != out)).collect(),
        models: models.iter().flat_map(|model| without(&|i| observations[i].model != *model)).collect(),
    }
}

impl HeldOut {
    /// Median of |prediction / truth - 1| with one cell left out.
    pub fn cell_error(&self) -> Option<f64> {
        error(&self.cells)
    }

    /// The same with whole models left out.
    pub fn model_error(&self) -> Option<f64> {
        error(&self.models)
    }

    /// Between which factors of the prediction nine of ten held-out cells lay.
    pub(super) fn cell_range(&self) -> Option<(f64, f64)> {
        range(&self.cells)
    }

    /// The same with whole models left out; of cells where there are too few models.
    pub(super) fn model_range(&self) -> Option<(f64, f64)> {
        range(&self.models).or_else(|| self.cell_range())
    }
}

fn error(ratios: &[f64]) -> Option<f64> {
    median(&ratios.iter().map(|ratio| (1.0 / ratio - 1.0).abs()).collect::<Vec<_>>())
}

/// The 5th to the 95th percentile, always including 1: the prediction itself.
fn range(ratios: &[f64]) -> Option<(f64, f64)> {
    if ratios.len() < FEWEST {
        return None;
    }
    Some((percentile(ratios, 5.0)?.min(1.0), percentile(ratios, 95.0)?.max(1.0)))
}
