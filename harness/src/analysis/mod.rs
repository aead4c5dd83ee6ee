//! From raw reports to the rows of the tables: metrics, verdicts, cells.
//! Everything here is a pure function of the plan and the recorded events, so
//! every table can be rebuilt from them.

mod cells;
mod metrics;
mod rows;
mod verdict;

pub use cells::{SummaryRow, summarise};
pub use metrics::Metrics;
pub use rows::{Place, Status, TokenRow, TrialRow, failed_row, finished_row, rfc3339, token_rows};
pub use verdict::{Verdict, judge};
