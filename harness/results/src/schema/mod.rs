//! The tables of a results folder. Each table is one file here and each column one
//! declaration in it: name, type, unit, what may stand in it, meaning. From these come the
//! header, the writer, the reader, the types of Parquet files and the tables of
//! docs/results-format.md.
//!
//! To add a column, declare it in its table and compute its value in [`crate::analysis`].

mod column;
mod context;
mod document;
mod fields;
mod figures;
mod layout;
#[expect(missing_docs, reason = "of the method into_str, which strum derives")]
mod on_off;
#[expect(missing_docs, reason = "of the method into_str, which strum derives")]
mod outcome;
mod row;
mod summary;
mod telemetry;
#[expect(missing_docs, reason = "of the method into_str, which strum derives")]
mod thermal;
mod time;
mod tokens;
mod trials;
mod value;
mod variance;

pub(crate) use column::shown;
pub use column::{Column, Kind, Range, Scalar};
pub use document::describe;
pub use fields::{Fault, Fields};
pub use figures::FigureRow;
pub use layout::Layout;
pub(crate) use layout::places;
pub use on_off::OnOff;
pub use outcome::{Status, Verdict};
pub use row::{Check, Row, Table};
pub(crate) use summary::BASELINE;
pub use summary::SummaryRow;
pub use telemetry::TelemetryRow;
pub use thermal::ThermalStatus;
pub use time::UtcTime;
pub use tokens::TokenRow;
pub use trials::TrialRow;
pub use value::Value;
pub use variance::VarianceRow;

/// All tables, in the order in which they are described.
pub const TABLES: [&Table; 6] = [
    &TrialRow::TABLE,
    &FigureRow::TABLE,
    &TokenRow::TABLE,
    &TelemetryRow::TABLE,
    &SummaryRow::TABLE,
    &VarianceRow::TABLE,
];
