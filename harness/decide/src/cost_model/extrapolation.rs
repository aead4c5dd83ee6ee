//! How far a prediction is from what was measured, and which cells must be left out to see how
//! well such predictions do.

use super::Observation;
use slm_results::read::Context;
use std::collections::{BTreeMap, BTreeSet};
use strum::IntoStaticStr;

/// Cells are left out in so many turns at most.
const MOST_TURNS: usize = 24;

/// Whether, and in what, a prediction goes beyond what was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
#[strum(const_into_str)]
pub enum Extrapolation {
    /// A measured model at a length no longer than it was measured at.
    #[strum(serialize = "a cell between others")]
    Between,
    /// A measured model at a longer one, which others were measured at.
    #[strum(serialize = "a length beyond the model's own")]
    BeyondOwn,
    /// A measured model at a length longer than any.
    #[strum(serialize = "a length beyond all")]
    BeyondAll,
    /// A model that was not measured.
    #[strum(serialize = "another model")]
    OtherModel,
}

impl Extrapolation {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Between, Self::BeyondOwn, Self::BeyondAll, Self::OtherModel];

    /// The cells to leave out, turn by turn, so that predicting them is as hard: each
    /// cell; each model's cells beyond each of its lengths; all cells beyond each length, if
    /// two lengths are kept; each model. Of more than 24 turns, some are taken
    /// evenly, or for cells several cells into one.
    pub(super) fn turns(self, observations: &[Observation]) -> Vec<Vec<usize>> {
        let among = |is_out: &dyn Fn(&Observation) -> bool| -> Vec<usize> {
            (0..observations.len()).filter(|&i| is_out(&observations[i])).collect()
        };
        let turns: Vec<Vec<usize>> = match self {
            Self::Between => {
                let count = observations.len().min(MOST_TURNS);
                (0..count).map(|turn| (turn..observations.len()).step_by(count).collect()).collect()
            }
            Self::OtherModel => {
                models(observations).into_iter().map(|model| among(&|o| o.model == model)).collect()
            }
            Self::BeyondOwn => {
                let beyond = |model: String| {
                    let own: BTreeSet<u32> =
                        observations.iter().filter(|o| o.model == model).map(length).collect();
                    let kept = own.iter().rev().skip(1).copied().collect::<Vec<_>>().into_iter().rev();
                    kept.map(|kept| among(&|o| o.model == model && length(o) > kept)).collect::<Vec<_>>()
                };
                models(observations).into_iter().flat_map(beyond).collect()
            }
            Self::BeyondAll => {
                let lengths: BTreeSet<u32> = observations.iter().map(length).collect();
                let kept: Vec<u32> = lengths.into_iter().collect();
                let kept = kept.iter().skip(1).take(kept.len().saturating_sub(2));
                kept.map(|kept| among(&|o| length(o) > *kept)).collect()
            }
        };
        let stride = turns.len().div_ceil(MOST_TURNS).max(1);
        turns.into_iter().step_by(stride).collect()
    }

    /// How far beyond the kept cells a prediction lies, as a logarithm: of tokens, or of parameters
    /// for another model; 0 between them. A size below all counts as between: costs fall with it.
    pub(super) fn distance(self, known: &Known, model: &str, params: f64, tokens: f64) -> f64 {
        let (value, most) = match self {
            Self::Between => return 0.0,
            Self::BeyondOwn => (tokens, known.own.get(model).copied().unwrap_or(known.tokens.1)),
            Self::BeyondAll => (tokens, known.tokens.1),
            Self::OtherModel => (params, known.params.1),
        };
        let distance = (value / most).ln();
        if distance.is_finite() { distance.max(0.0) } else { 0.0 }
    }
}

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Known {
    /// The most tokens of each model.
    pub(super) own: BTreeMap<String, f64>,
    /// The fewest and the most tokens of all.
    pub(super) tokens: (f64, f64),
    /// The smallest and the largest size, in billions of parameters.
    pub(super) params: (f64, f64),
}

impl Known {
    pub(super) fn of(observations: &[Observation]) -> Self {
        let range = |pick: fn(&Observation) -> f64| {
            let values = observations.iter().map(pick);
            values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)))
        };
        let mut own: BTreeMap<String, f64> = BTreeMap::new();
        for observation in observations {
            let most = own.entry(observation.model.clone()).or_insert(observation.tokens);
            *most = most.max(observation.tokens);
        }
        Self { own, tokens: range(|o| o.tokens), params: range(|o| o.size.params) }
    }
}

fn models(observations: &[Observation]) -> BTreeSet<String> {
    observations.iter().map(|o| o.model.clone()).collect()
}

/// Contexts in their order; models' own tokenizers count each differently.
fn length(observation: &Observation) -> u32 {
    Context::nominal_tokens(observation.context)
}
