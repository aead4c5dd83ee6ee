//! A cost model of a device: what a model of any size costs at any prompt length,
//! fitted to the cells of one device, backend and quantisation.
//!
//! With P parameters (in thousand millions), of which B are not in the tables of
//! embeddings and output, L layers of width d with queries of width q, N prompt
//! tokens and D tokens in the KV cache while decoding:
//!
//! - time to first token = a·P + b·B^γ·N + c·L·d·N + e·L·q·N²: the weights are read
//!   once; every prompt token is multiplied with the body's weights; what is done
//!   beside that (norms, activations, copies) grows with layers times width;
//!   attention looks back over the prompt. γ is 1 for an engine whose speed does not
//!   depend on size; it is fitted, from 1.0 to 2.0, where three sizes or more are
//!   there, since engines fall off when weights leave caches or fast memory.
//! - time per output token = a + b·P + c·P^(2/3)·D: weights and KV cache are read
//!   once for each token; b is bytes per parameter over bandwidth.
//! - peak memory = a + b·P + c·P^(2/3)·N, energy per output token as time.
//! - load = a + b·bytes.
//!
//! It works from a summary alone: B, L, d and q are those of the catalogue's shape or,
//! for a model not in it, typical of the size. Where
//! the prompt's length is not told, ITPS × TTFT stands for it. Coefficients are 0
//! or more and make the relative errors' squares smallest. docs/cost-model.md has
//! its errors on cells left out.

mod fit;
mod held_out;
mod load;
mod observe;
mod proportions;

pub use fit::{Fit, Quantity};
pub use held_out::HeldOut;
pub use load::LoadFit;
pub(crate) use observe::output_tokens;
pub use observe::{Observation, observations, prompt_tokens};
pub use proportions::Proportions;

use slm_results::read::Cell;
use slm_stats::Interval;
use std::collections::BTreeMap;

/// A figure that was not measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The figure.
    pub value: f64,
    /// Where the truth lay in nine of ten held-out cells, relative to what was
    /// predicted for them; `None` where too few could be held out.
    pub interval: Option<Interval>,
    /// Whether size or length lie outside of what was measured.
    pub extrapolated: bool,
}

/// The fits of one device, backend and quantisation.
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

#[cfg(test)]
mod tests;
