//! From raw reports to the rows of the tables: metrics, verdicts, cells.
//! Everything here is a pure function of the plan and the recorded events, so
//! every table can be rebuilt from them.

mod cells;
mod drift;
mod evidence;
mod metrics;
mod pace;
mod placement;
mod rows;
mod verdict;

pub use cells::{summarize, variances};
pub use drift::RunProbes;
pub use evidence::{Evidence, EvidenceCollector, NoEnergy, Slowed, SlowedBelow};
pub use metrics::Metrics;
pub use pace::Pace;
pub use placement::probes_apply;
pub use rows::{Circumstances, failed_row, figure_rows, finished_row, probe_rows, telemetry_row, token_rows};
