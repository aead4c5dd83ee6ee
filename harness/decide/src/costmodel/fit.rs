//! One quantity's fit.

use super::{HeldOut, Observation, Prediction, Proportions, held_out};
use slm_stats::{Interval, dot, nonnegative_least_squares};
use std::collections::BTreeSet;

/// How the KV cache grows with parameters along a family of shapes.
const ATTENTION: f64 = 2.0 / 3.0;
/// Terms of the largest form; the others leave the last one 0.
const TERMS: usize = 4;
/// Fewest sizes for which the exponent is fitted.
const SIZES_FOR_EXPONENT: usize = 3;

/// What is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// Time to first token, seconds.
    Ttft,
    /// Time per output token, seconds.
    Tpot,
    /// Peak resident set, MiB.
    Memory,
    /// Energy per output token, joules.
    Energy,
}

impl Quantity {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ttft, Self::Tpot, Self::Memory, Self::Energy];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ttft => "time to first token",
            Self::Tpot => "time per output token",
            Self::Memory => "peak memory",
            Self::Energy => "energy per output token",
        }
    }

    /// The terms that coefficients belong to.
    fn terms(self, size: &Proportions, tokens: f64, exponent: f64) -> [f64; TERMS] {
        match self {
            Self::Ttft => [
                size.params,
                size.body.powf(exponent) * tokens,
                size.width * tokens,
                size.attention * tokens * tokens,
            ],
            Self::Tpot | Self::Memory | Self::Energy => {
                [1.0, size.params, size.params.powf(ATTENTION) * tokens, 0.0]
            }
        }
    }
}

/// A fitted quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// What is fitted.
    pub quantity: Quantity,
    /// The coefficients, in the order of the terms in docs/cost-model.md.
    pub coefficients: [f64; TERMS],
    /// γ of the prefill; 1 for the others.
    pub exponent: f64,
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
        let mut fit = Self::without_errors(quantity, observations)?;
        fit.held_out = held_out::errors(quantity, observations);
        Some(fit)
    }

    pub(super) fn without_errors(quantity: Quantity, observations: &[Observation]) -> Option<Self> {
        if observations.len() < 2 {
            return None;
        }
        let models: BTreeSet<String> = observations.iter().map(|o| o.model.clone()).collect();
        let exponents =
            if quantity == Quantity::Ttft && models.len() >= SIZES_FOR_EXPONENT { 10..=20 } else { 10..=10 };
        let (coefficients, exponent, _) = exponents
            .filter_map(|tenths| solve(quantity, observations, f64::from(tenths) / 10.0))
            .min_by(|a, b| a.2.total_cmp(&b.2))?;
        let range = |pick: fn(&Observation) -> f64| {
            observations
                .iter()
                .map(pick)
                .fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)))
        };
        Some(Self {
            quantity,
            coefficients,
            exponent,
            cells: observations.len(),
            held_out: HeldOut::default(),
            models,
            params: range(|o| o.size.params),
            tokens: range(|o| o.tokens),
        })
    }

    /// The figure that the fit gives.
    pub fn figure(&self, size: &Proportions, tokens: f64) -> f64 {
        dot(&self.quantity.terms(size, tokens, self.exponent), &self.coefficients)
    }

    /// A prediction for a model of `params` thousand millions: with the errors of cells left out where other
    /// cells of it were measured, else with those of whole models left out.
    pub fn predict(&self, model: &str, params: f64, tokens: f64) -> Prediction {
        let value = self.figure(&Proportions::of(model, params), tokens);
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

/// Coefficients, exponent, and the sum of squares of relative errors.
fn solve(
    quantity: Quantity,
    observations: &[Observation],
    exponent: f64,
) -> Option<([f64; TERMS], f64, f64)> {
    let rows: Vec<([f64; TERMS], f64)> = observations
        .iter()
        .map(|o| (quantity.terms(&o.size, o.tokens, exponent).map(|term| term / o.figure), 1.0))
        .collect();
    let coefficients = nonnegative_least_squares(&rows)?;
    let squares = rows.iter().map(|(terms, one)| (one - dot(terms, &coefficients)).powi(2)).sum();
    Some((coefficients, exponent, squares))
}
