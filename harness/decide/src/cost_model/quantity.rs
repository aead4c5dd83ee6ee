//! What is fitted, and in which form.

use super::Proportions;
use strum::IntoStaticStr;

/// How the KV cache grows with parameters along a family of shapes.
const ATTENTION: f64 = 2.0 / 3.0;
/// Terms of the largest form; the others leave the last one 0.
pub(super) const TERMS: usize = 4;

/// What is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
#[strum(const_into_str)]
pub enum Quantity {
    /// Time to first token, seconds.
    #[strum(serialize = "time to first token")]
    Ttft,
    /// Time per output token, seconds.
    #[strum(serialize = "time per output token")]
    Tpot,
    /// Peak resident set, MiB.
    #[strum(serialize = "peak memory")]
    Memory,
    /// Energy per output token, joules.
    #[strum(serialize = "energy per output token")]
    Energy,
}

impl Quantity {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ttft, Self::Tpot, Self::Memory, Self::Energy];

    /// The terms that coefficients belong to.
    pub(super) fn terms(self, size: &Proportions, tokens: f64, exponent: f64) -> [f64; TERMS] {
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
