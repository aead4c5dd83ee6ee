//! The least-squares fit of one quantity.

use super::{Form, Observation, Proportions, Quantity, quantity::TERMS};
use slm_stats::{dot, mean, nonnegative_least_squares};
use std::collections::BTreeSet;

/// Fewest sizes for which the exponent is fitted.
const SIZES_FOR_EXPONENT: usize = 3;

/// Logarithms that differ by less are of one size or length: rounding makes no column of its own.
const SAME_LOG: f64 = 1e-9;

/// A quantity as a function of size and tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// What is fitted.
    pub quantity: Quantity,
    /// In which form.
    pub form: Form,
    /// The coefficients, in the order of the terms in docs/cost-model.md.
    pub coefficients: [f64; TERMS],
    /// γ of the prefill; 1 for the others.
    pub exponent: f64,
}

impl Curve {
    /// Fits; `None` with fewer cells than the form needs: two, or for the power law three. No quantity falls
    /// with size or length, whatever a few noisy cells say: coefficients and exponents are 0 or more.
    pub fn of(quantity: Quantity, form: Form, observations: &[Observation]) -> Option<Self> {
        match form {
            Form::Parts => Self::of_parts(quantity, observations),
            Form::Power => Self::power(quantity, observations),
        }
    }

    fn of_parts(quantity: Quantity, observations: &[Observation]) -> Option<Self> {
        if observations.len() < 2 {
            return None;
        }
        let sizes: BTreeSet<&str> = observations.iter().map(|o| o.model.as_str()).collect();
        let exponents =
            if quantity == Quantity::Ttft && sizes.len() >= SIZES_FOR_EXPONENT { 10..=20 } else { 10..=10 };
        let (coefficients, exponent, _) = exponents
            .filter_map(|tenths| solve(quantity, observations, f64::from(tenths) / 10.0))
            .min_by(|a, b| a.2.total_cmp(&b.2))?;
        Some(Self { quantity, form: Form::Parts, coefficients, exponent })
    }

    fn power(quantity: Quantity, observations: &[Observation]) -> Option<Self> {
        if observations.len() < 3 {
            return None;
        }
        let rows: Vec<([f64; TERMS], f64)> =
            observations.iter().map(|o| (logs(&o.size, o.tokens), o.figure.ln())).collect();
        // About their means the factor drops out; it may have any sign, the exponents may not.
        let centre: [f64; TERMS] = std::array::from_fn(|i| {
            mean(&rows.iter().map(|row| row.0[i]).collect::<Vec<_>>()).unwrap_or(0.0)
        });
        let figure = mean(&rows.iter().map(|row| row.1).collect::<Vec<_>>())?;
        let about = |value: f64, centre: f64| {
            let off = value - centre;
            if off.abs() > SAME_LOG { off } else { 0.0 }
        };
        let centred: Vec<([f64; TERMS], f64)> =
            rows.iter().map(|(x, y)| (std::array::from_fn(|i| about(x[i], centre[i])), y - figure)).collect();
        let mut coefficients = nonnegative_least_squares(&centred).unwrap_or_default();
        coefficients[0] = figure - dot(&centre, &coefficients);
        Some(Self { quantity, form: Form::Power, coefficients, exponent: 1.0 })
    }

    /// The figure that it gives.
    pub fn figure(&self, size: &Proportions, tokens: f64) -> f64 {
        match self.form {
            Form::Parts => dot(&self.quantity.terms(size, tokens, self.exponent), &self.coefficients),
            Form::Power => dot(&logs(size, tokens), &self.coefficients).exp(),
        }
    }
}

/// The terms of the power law.
fn logs(size: &Proportions, tokens: f64) -> [f64; TERMS] {
    // A prompt has a token at least; where a cell tells none, the logarithm must still be one.
    [1.0, size.params.ln(), tokens.max(1.0).ln(), 0.0]
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
