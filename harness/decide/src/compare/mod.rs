//! Comparing two sets of figures: for each cell and metric the ratio
//! candidate / baseline, its 95 % interval, and a verdict that holds for all of
//! them together. docs/comparisons.md says how, and how well it works.

mod comparison;
mod gate;
mod judge;
pub mod llama_bench;
#[expect(missing_docs, reason = "of the method into_str, which strum derives")]
mod noise;
mod options;
mod pairing;
mod placement;
#[expect(missing_docs, reason = "of the method into_str, which strum derives")]
mod ratio;
mod read;
mod refusal;
mod row;
#[expect(missing_docs, reason = "of the method into_str, which strum derives")]
mod settings;
mod side;
#[expect(missing_docs, reason = "of the method into_str, which strum derives")]
mod verdict;
mod warnings;

pub use comparison::{Comparison, compare};
pub use gate::Gate;
pub use noise::{Noise, NoiseChoice, NoiseSource};
pub use options::Options;
pub use placement::{Neighbour, Placement};
pub use ratio::{Basis, Ratio};
pub use row::Row;
pub use settings::Setting;
pub use side::{CellTrials, Side};
pub use verdict::Verdict;

#[cfg(test)]
mod tests;
