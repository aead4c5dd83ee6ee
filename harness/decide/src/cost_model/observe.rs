//! The figures of cells that a fit uses.

use super::{Proportions, Quantity};
use slm_results::read::{Cell, Context};

/// One figure of one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Model name.
    pub model: String,
    /// Its size.
    pub size: Proportions,
    /// Context length.
    pub context: Context,
    /// Tokens in the prompt or, for decoding, in the KV cache on average.
    pub tokens: f64,
    /// The figure: seconds, seconds per token, MiB or joules per token.
    pub figure: f64,
}

/// The figures of a quantity in all cells that have it.
pub fn observations(quantity: Quantity, cells: &[&Cell]) -> Vec<Observation> {
    let observation = |cell: &&Cell| {
        let prompt = prompt_tokens(cell)?;
        let mean = |estimate: Option<slm_results::read::Estimate>| estimate.map(|estimate| estimate.mean);
        let figure = match quantity {
            Quantity::Ttft => mean(cell.ttft_s)?,
            Quantity::Tpot => 1.0 / mean(cell.otps)?,
            Quantity::Memory => cell.rss_peak_mib?,
            Quantity::Energy => cell.energy_j_per_token?,
        };
        let tokens = match quantity {
            Quantity::Ttft | Quantity::Memory => prompt,
            Quantity::Tpot | Quantity::Energy => prompt + 0.5 * output_tokens(cell).unwrap_or(0.0),
        };
        let usable = figure > 0.0 && figure.is_finite() && tokens.is_finite();
        usable.then_some(Observation {
            model: cell.key.model.clone(),
            size: Proportions::of(&cell.key.model, cell.params? as f64 / 1e9),
            context: cell.key.context,
            tokens,
            figure,
        })
    };
    cells.iter().filter_map(observation).collect()
}

/// Prompt tokens of a cell: as counted or, where that is unknown, ITPS × TTFT.
pub fn prompt_tokens(cell: &Cell) -> Option<f64> {
    if let Some(n_in) = cell.n_in {
        return Some(n_in);
    }
    if let Context::Tokens(n) = cell.key.context {
        return Some(f64::from(n));
    }
    Some(cell.itps?.mean * cell.ttft_s?.mean)
}

/// Output tokens of a cell: as counted or, where that is unknown, the time after
/// the first token × OTPS.
pub(crate) fn output_tokens(cell: &Cell) -> Option<f64> {
    if let Some(n_out) = cell.n_out {
        return Some(n_out);
    }
    Some(1.0 + (cell.runtime_s?.mean - cell.ttft_s?.mean).max(0.0) * cell.otps?.mean)
}
