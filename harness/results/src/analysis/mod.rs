//! From raw reports to the rows of the tables: metrics, verdicts, cells.
//! Everything here is a pure function of the plan and the recorded events, so
//! every table can be rebuilt from them.

mod cells;
mod columns;
mod evidence;
mod metrics;
mod rows;
mod thermal;
mod verdict;

pub use cells::{SummaryRow, summarise};
pub use columns::{Column, Field, Kind, UtcTime, header, position};
pub use evidence::{Evidence, NoEnergy, Slowed, Watch};
pub use metrics::Metrics;
pub use rows::{
    Place, Status, TelemetryRow, TokenRow, TrialRow, failed_row, finished_row, telemetry_row, token_rows,
};
pub use thermal::ThermalStatus;
pub use verdict::{Verdict, judge};
