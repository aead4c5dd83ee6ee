//! The sweet spot: the largest model and the longest context within given budgets,
//! what the next size up would take, and the Pareto front. Cells that were not run
//! are predicted by the cost model and marked so.

mod answer;
#[expect(missing_docs, reason = "of the method into_str, which strum derives")]
mod budgets;
mod grid;
mod pareto;
mod quality;
mod size;

pub use answer::{Answer, Choice, Need, NextSize, answers};
pub use budgets::{Budget, Budgets, Fitness};
pub use grid::{Group, Origin, Point, Value, groups};
pub use pareto::Front;
pub use quality::Quality;
pub use size::{SizeAnswer, largest_size};

#[cfg(test)]
mod tests;
