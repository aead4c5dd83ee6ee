//! The largest size within the budgets at one prompt length, by the cost model.

use super::{Budgets, Fitness, Group, Origin, Point, Value};
use crate::cost_model::CostModel;
use slm_results::read::Context;
use slm_stats::Interval;

/// The largest sizes within the budgets.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeAnswer {
    /// Prompt tokens.
    pub tokens: u32,
    /// Output tokens.
    pub output_tokens: f64,
    /// Parameters, by the predicted figures; `None`: no size is within.
    pub params: Option<u64>,
    /// Parameters for which the whole prediction interval is within.
    pub cautious: Option<u64>,
    /// Outside the sizes or lengths measured.
    pub extrapolated: bool,
}

/// The largest size for prompts of `tokens` tokens. `None` where a figure with a
/// budget has no fit.
pub fn largest_size(group: &Group, budgets: &Budgets, tokens: u32) -> Option<SizeAnswer> {
    let point = |params| group.predicted("", params, Context::Tokens(tokens), f64::from(tokens));
    if budgets.judge(&point(1_000_000)) == Fitness::Unknown {
        return None;
    }
    let central = |point: Point| {
        let bare = |value: Option<Value>| {
            let exact = |figure| Some(Interval { low: figure, high: figure });
            value.map(|value| Value { interval: exact(value.figure), ..value })
        };
        Point {
            ttft: bare(point.ttft),
            runtime: bare(point.runtime),
            otps: bare(point.otps),
            memory: bare(point.memory),
            energy: bare(point.energy),
            ..point
        }
    };
    let params = CostModel::largest(|params| budgets.judge(&central(point(params))) == Fitness::Within);
    let cautious = CostModel::largest(|params| budgets.judge(&point(params)) == Fitness::Within);
    let extrapolated =
        params.is_some_and(|params| matches!(point(params).origin, Origin::Predicted { extrapolated: true }));
    Some(SizeAnswer { tokens, output_tokens: group.output_tokens, params, cautious, extrapolated })
}
