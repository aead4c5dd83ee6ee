//! Budgets in, answer out: the largest model and the longest context that stay
//! within them, what the next size up would take, and which models no other
//! beats. Cells that were not run are filled from the cost model and say so.

mod answer;
mod budgets;
mod grid;
mod json;
mod pareto;
mod quality;
mod size;
mod text;

pub use answer::{Answer, Choice, Need, NextUp, answers};
pub use budgets::{Budgets, Fitness};
pub use grid::{Group, Origin, Point, Value, groups};
pub use json::json;
pub use pareto::Front;
pub use quality::Quality;
pub use size::{SizeAnswer, largest_size};
pub use text::text;

#[cfg(test)]
mod tests;
