//! One quantity's fit, with its errors on cells left out.

use super::{Curve, HeldOut, Observation, Proportions, Quantity, held_out};
use slm_stats::Interval;
use std::collections::BTreeSet;

/// A figure that was not measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The figure.
    pub value: f64,
    /// Where the truth lay in nine of ten held-out cells, relative to what was
    /// predicted for them; `None` where too few could be held out.
    pub interval: Option<Interval>,
    /// Whether size or length are outside of what was measured.
    pub extrapolated: bool,
}

/// A fitted quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The fit.
    pub curve: Curve,
    /// Cells fitted to.
    pub cells: usize,
    /// Errors on cells left out.
    pub held_out: HeldOut,
    models: BTreeSet<String>,
    params: (f64, f64),
    tokens: (f64, f64),
}

impl Fit {
    /// Fits; `None` with fewer than two cells.
    pub fn of(quantity: Quantity, observations: &[Observation]) -> Option<Self> {
        let curve = Curve::of(quantity, observations)?;
        let range = |pick: fn(&Observation) -> f64| {
            observations
                .iter()
                .map(pick)
                .fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)))
        };
        Some(Self {
            curve,
            cells: observations.len(),
            held_out: held_out::errors(quantity, observations),
            models: observations.iter().map(|o| o.model.clone()).collect(),
            params: range(|o| o.size.params),
            tokens: range(|o| o.tokens),
        })
    }

    /// A prediction for a model of `params` billion parameters. Its interval comes from single cells left
    /// out where other cells of the model were measured, else from whole models left out.
    pub fn predict(&self, model: &str, params: f64, tokens: f64) -> Prediction {
        let value = self.curve.figure(&Proportions::of(model, params), tokens);
        let range = if self.models.contains(model) {
            self.held_out.cell_range()
        } else {
            self.held_out.model_range()
        };
        let within = |value: f64, (low, high): (f64, f64)| (0.999 * low..=1.001 * high).contains(&value);
        Prediction {
            value,
            interval: range.map(|(low, high)| Interval { low: value * low, high: value * high }),
            extrapolated: !within(params, self.params) || !within(tokens, self.tokens),
        }
    }
}
