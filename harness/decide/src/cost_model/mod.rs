//! A cost model of a device: what a model of any size costs at any prompt length,
//! fitted to the cells of one device, backend and quantization.
//!
//! With P parameters (in billions), of which B are outside the tables of
//! embeddings and output, L layers of width d with queries of width q, N prompt
//! tokens and D tokens in the KV cache while decoding:
//!
//! - time to first token = a·P + b·B^γ·N + c·L·d·N + e·L·q·N²: the weights are read
//!   once; every prompt token is multiplied with the body's weights; the rest
//!   (norms, activations, copies) grows with layers times width;
//!   attention looks back over the prompt. γ is 1 for an engine whose speed does not
//!   depend on size; it is fitted, from 1.0 to 2.0, where three sizes or more were
//!   measured, since engines slow down when weights leave caches or fast memory.
//! - time per output token = a + b·P + c·P^(2/3)·D: weights and KV cache are read
//!   once for each token; b is bytes per parameter over bandwidth.
//! - peak memory = a + b·P + c·P^(2/3)·N, energy per output token as time.
//! - load = a + b·bytes.
//!
//! Beside these sums of parts a power law, a straight line in the logarithms of P and N, is
//! fitted. A prediction is made by the one that had the smaller error on cells left out that extrapolate
//! alike: between measured lengths, beyond them, to another model; and its range is
//! as wide as these errors.
//!
//! It works from a summary alone: B, L, d and q are those of the catalogue's shape or,
//! for a model not in it, typical of the size. Where
//! the prompt's length is unknown, ITPS × TTFT is taken. Coefficients are 0
//! or more and minimize the squares of relative errors. docs/cost-model.md has
//! its errors on cells left out.

mod curve;
#[expect(missing_docs, reason = "of the method into_str, which strum derives")]
mod extrapolation;
mod fit;
mod fits;
#[expect(missing_docs, reason = "of the method into_str, which strum derives")]
mod form;
mod held_out;
mod load;
mod observe;
mod proportions;
#[expect(missing_docs, reason = "of the method into_str, which strum derives")]
mod quantity;

pub use curve::Curve;
pub use extrapolation::Extrapolation;
pub use fit::{Fit, Prediction, Predictor};
pub use fits::CostModel;
pub use form::Form;
pub use held_out::HeldOut;
pub use load::LoadFit;
pub(crate) use observe::output_tokens;
pub use observe::{Observation, observations, prompt_tokens};
pub use proportions::Proportions;
pub use quantity::Quantity;

#[cfg(test)]
mod tests;
