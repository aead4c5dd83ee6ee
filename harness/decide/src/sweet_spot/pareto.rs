//! The Pareto front: models that no other beats in both worth (quality where it is
//! known, else size) and time, at one context.

use super::{Group, Origin, Point, Quality};
use slm_results::read::Context;

/// The front at one context, the quickest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Front {
    /// Context length.
    pub context: Context,
    /// Model, worth (score or parameters), seconds (runtime, else TTFT).
    pub models: Vec<(String, f64, f64)>,
}

impl Front {
    /// The front of the measured points of a group at a context.
    pub fn of(group: &Group, context: Context, quality: Option<&Quality>) -> Self {
        let measured =
            group.points.iter().filter(|point| point.context == context && point.origin == Origin::Measured);
        let mut points: Vec<(String, f64, f64)> = measured
            .filter_map(|point| Some((point.model.clone(), worth(point, quality)?, seconds(point)?)))
            .collect();
        // By time; of equal times the worthier first.
        points.sort_by(|a, b| a.2.total_cmp(&b.2).then(b.1.total_cmp(&a.1)));
        let mut best = f64::NEG_INFINITY;
        points.retain(|point| {
            let better = point.1 > best;
            best = best.max(point.1);
            better
        });
        Self { context, models: points }
    }
}

fn worth(point: &Point, quality: Option<&Quality>) -> Option<f64> {
    match quality {
        Some(quality) => quality.score(&point.model),
        None => Some(point.params as f64),
    }
}

fn seconds(point: &Point) -> Option<f64> {
    point.runtime.or(point.ttft).map(|value| value.figure)
}
