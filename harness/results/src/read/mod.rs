//! Reading what sweeps wrote: the tables, and the summary as cells. Everything is checked
//! on reading, so that what comes after works with valid values only.
//!
//! Tolerated: a UTF-8 byte-order mark, CRLF line ends, blank lines, columns that
//! are not known, columns in another order. Everything else that is not as
//! docs/results-format.md says is an [`Error::Input`](slm_plan::error::Error::Input)
//! in one line that names the file, the line (the header is line 1), the column
//! and the remedy.

mod cell;
mod check;
mod folder;
mod metric;
mod source;
mod summary;
mod table;

pub use cell::{Cell, Estimate, Key};
pub use folder::{common_name, folder_name};
pub use metric::Metric;
pub use slm_plan::prompts::Context;
pub use source::Source;
pub use summary::Summary;
pub use table::{Rows, rows};

pub(crate) use table::{Records, bad, open};
