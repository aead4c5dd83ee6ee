//! What a report is made from: everything that was measured, as one value.

mod labels;
mod measured;
mod report_data;
mod run;
mod subject;

pub(crate) use measured::nominal_tokens;
pub(crate) use measured::{FigureName, Measured, Point, Tally};
pub(crate) use report_data::Baseline;
pub use report_data::ReportData;
pub(crate) use run::{Loss, Moment, Run, Sensor};
pub(crate) use subject::Subject;
