//! A new size between its neighbours: the figures of the baselines just below and
//! above it in parameters, and the figure interpolated between them.

use super::Row;
use slm_results::read::{Context, Metric};
use std::collections::BTreeMap;

/// A neighbour in size.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbour {
    /// Model name.
    pub model: String,
    /// Its parameters.
    pub params: u64,
    /// Its figure.
    pub figure: f64,
}

/// A candidate between its neighbours, in one metric at one context.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// The candidate.
    pub model: String,
    /// Its parameters.
    pub params: u64,
    /// Context length.
    pub context: Context,
    /// The metric.
    pub metric: Metric,
    /// Its figure.
    pub figure: f64,
    /// The largest baseline that is not larger.
    pub below: Option<Neighbour>,
    /// The smallest baseline that is larger.
    pub above: Option<Neighbour>,
    /// The figure of a model of this size, interpolated between both in the logarithms
    /// of size and figure.
    pub expected: Option<f64>,
}

/// Places every candidate that has a size.
pub(super) fn placements(rows: &[Row]) -> Vec<Placement> {
    let mut found: BTreeMap<(Context, String, u64, Metric), Placement> = BTreeMap::new();
    for row in rows {
        let (Some(params), Some(theirs)) = (row.candidate.params, row.baseline.params) else { continue };
        for ratio in &row.ratios {
            let (context, model) = (row.candidate.key.context, row.candidate.key.model.clone());
            let place = found.entry((context, model.clone(), params, ratio.metric)).or_insert(Placement {
                model,
                params,
                context,
                metric: ratio.metric,
                figure: ratio.candidate,
                below: None,
                above: None,
                expected: None,
            });
            let neighbour =
                Neighbour { model: row.baseline.key.model.clone(), params: theirs, figure: ratio.baseline };
            if theirs <= params && place.below.as_ref().is_none_or(|below| below.params < theirs) {
                place.below = Some(neighbour);
            } else if theirs > params && place.above.as_ref().is_none_or(|above| above.params > theirs) {
                place.above = Some(neighbour);
            }
        }
    }
    found.into_values().map(Placement::with_expected).collect()
}

impl Placement {
    fn with_expected(mut self) -> Self {
        if let (Some(below), Some(above)) = (&self.below, &self.above) {
            let log = |params: u64| (params as f64).ln();
            let share = (log(self.params) - log(below.params)) / (log(above.params) - log(below.params));
            self.expected = Some((below.figure.ln() + share * (above.figure / below.figure).ln()).exp());
        }
        self
    }
}
