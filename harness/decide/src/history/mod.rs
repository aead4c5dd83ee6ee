//! Sweeps over time: every metric of every cell as a series, with its steps, its drift, and what
//! else changed when it did: engine, agent, system, settings. docs/history.md says how, and how
//! well it works.
//!
//! A sweep is a point: its sessions differ from each other by more than its trials do.

mod change;
mod conditions;
mod course;
mod find;
mod fit;
#[expect(clippy::module_inception, reason = "the history is what the module is for")]
mod history;
mod judge;
mod series;
mod spread;
mod steps;
mod sweep;

pub use change::Change;
pub use conditions::Conditions;
pub use course::{Course, Step, Trend};
pub use find::Skipped;
pub use history::{Event, History};
pub use series::{Point, Series, SeriesKey};
pub use spread::Spread;
pub use sweep::{Sweep, Sweeps};

#[cfg(test)]
mod tests;
