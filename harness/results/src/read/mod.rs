//! Reading what sweeps wrote: the summary, the trials, and the facts of the
//! manifest. Everything is checked on reading, so that what comes after works
//! with valid values only.
//!
//! Tolerated: a UTF-8 byte-order mark, CRLF line ends, blank lines, columns that
//! are not known, columns in another order. Everything else that is not as
//! docs/results-format.md says is an [`Error::Input`](slm_plan::error::Error::Input)
//! in one line that names the file, the line (the header is line 1), the column
//! and the remedy.

mod cell;
mod check;
mod facts;
mod folder;
mod source;
mod summary;
mod table;
mod trial;
mod trials;

pub use cell::{Cell, Context, Estimate, Key, Metric};
pub use facts::Facts;
pub use folder::{common_name, folder_name};
pub use source::Source;
pub use summary::Summary;
pub use trial::Trial;
pub use trials::{Trials, trials};

pub(crate) use table::{bad, broken, open as open_table, shown};
