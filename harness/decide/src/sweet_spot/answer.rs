//! The answer for one device.

use super::{Budget, Budgets, Fitness, Front, Group, Origin, Point, Quality, Value};
use slm_results::read::Context;

/// A model chosen at a context.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Context length.
    pub context: Context,
    /// The largest measured model within the budgets.
    pub measured: Option<Point>,
    /// A larger one, not measured at this context, that is predicted to be within.
    pub predicted: Option<Point>,
    /// The next size up from the larger of both, and what it would take.
    pub next: Option<NextSize>,
}

/// The next size up, and what it would take.
#[derive(Clone, Debug, PartialEq)]
pub struct NextSize {
    /// The model.
    pub point: Point,
    /// The budgets that it is beyond.
    pub needs: Vec<Need>,
}

/// What one budget would have to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// Which budget.
    pub name: &'static str,
    /// The figure, with its interval where it is predicted.
    pub value: Value,
    /// Its unit.
    pub unit: &'static str,
}

/// The answer for one device, backend and quantization.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Context by context.
    pub choices: Vec<Choice>,
    /// The largest measured model within the budgets, at its longest such context.
    pub largest: Option<Point>,
    /// The longest context at which a measured model is within, with the largest such.
    pub longest: Option<Point>,
    /// The model of the highest score, at the longest context of `longest`.
    pub best: Option<(Point, f64)>,
    /// Fronts, context by context.
    pub fronts: Vec<Front>,
}

/// Answers for one group.
pub fn answers(group: &Group, budgets: &Budgets, quality: Option<&Quality>) -> Answer {
    let within: Vec<&Point> = group
        .points
        .iter()
        .filter(|point| point.origin == Origin::Measured && budgets.judge(point) == Fitness::Within)
        .collect();
    let by_size = |point: &&&Point| (point.params, point.context);
    let by_context = |point: &&&Point| (point.context, point.params);
    let longest = within.iter().max_by_key(by_context).copied().cloned();
    let scored = longest.as_ref().zip(quality).and_then(|(longest, quality)| {
        let there = within.iter().filter(|point| point.context == longest.context);
        let scored = there.filter_map(|point| Some(((*point).clone(), quality.score(&point.model)?)));
        scored.max_by(|a, b| a.1.total_cmp(&b.1))
    });
    let contexts = group.contexts();
    Answer {
        choices: contexts.iter().map(|&context| choice(group, budgets, context)).collect(),
        largest: within.iter().max_by_key(by_size).copied().cloned(),
        longest,
        best: scored,
        fronts: contexts.iter().map(|&context| Front::of(group, context, quality)).collect(),
    }
}

fn choice(group: &Group, budgets: &Budgets, context: Context) -> Choice {
    let there = || group.points.iter().filter(|point| point.context == context);
    let largest = |is_measured: bool| {
        there()
            .filter(|point| (point.origin == Origin::Measured) == is_measured)
            .filter(|point| budgets.judge(point) == Fitness::Within)
            .max_by_key(|point| point.params)
            .cloned()
    };
    let measured = largest(true);
    let size = |point: &Option<Point>| point.as_ref().map_or(0, |point| point.params);
    let predicted = largest(false).filter(|point| point.params > size(&measured));
    let reached = size(&measured).max(size(&predicted));
    let next = there()
        .filter(|point| point.params > reached)
        .min_by_key(|point| point.params)
        .map(|point| NextSize { point: point.clone(), needs: needs(budgets, point) });
    Choice { context, measured, predicted, next }
}

/// The budgets that a point is beyond, or may be by its interval.
fn needs(budgets: &Budgets, point: &Point) -> Vec<Need> {
    let beyond = |budget: &Budget| {
        let value = (budget.figure)(point)?;
        let is_beyond =
            |figure: f64| if budget.is_most { figure > budget.limit } else { figure < budget.limit };
        let ends = value.interval.map_or([value.figure; 2], |interval| [interval.low, interval.high]);
        ends.into_iter().any(is_beyond).then_some(Need { name: budget.name, value, unit: budget.unit })
    };
    budgets.given().iter().filter_map(beyond).collect()
}
