//! The fits of one device, backend and quantization together.

use super::{Fit, Prediction, Quantity, observations};
use slm_results::read::Cell;
use std::collections::BTreeMap;

/// The fits of one device, backend and quantization.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CostModel {
    /// By quantity, those with enough cells.
    pub fits: BTreeMap<Quantity, Fit>,
}

impl CostModel {
    /// Fits to cells; those without figures or parameters are left out.
    pub fn of(cells: &[&Cell]) -> Self {
        let fit = |quantity| Some((quantity, Fit::of(quantity, &observations(quantity, cells))?));
        Self { fits: Quantity::ALL.into_iter().filter_map(fit).collect() }
    }

    /// Predicts a quantity for a model of `params` parameters at `tokens` tokens:
    /// the prompt's, or for decoding those in the KV cache half-way through the output.
    pub fn predict(&self, quantity: Quantity, model: &str, params: u64, tokens: f64) -> Option<Prediction> {
        Some(self.fits.get(&quantity)?.predict(model, params as f64 / 1e9, tokens))
    }

    /// The most parameters for which `is_met` still holds, from a million to a
    /// million million; `is_met` must not hold again above a size where it failed.
    pub fn largest(is_met: impl Fn(u64) -> bool) -> Option<u64> {
        let (mut low, mut high) = (1e6f64.ln(), 1e12f64.ln());
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1e6 to 1e12")]
        let params = |log: f64| log.exp().round() as u64;
        if !is_met(params(low)) {
            return None;
        }
        for _ in 0..50 {
            let middle = 0.5 * (low + high);
            if is_met(params(middle)) { low = middle } else { high = middle }
        }
        Some(params(low))
    }
}
