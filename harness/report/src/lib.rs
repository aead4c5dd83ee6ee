//! What people and programs read of results: the report (tables, plots, one page), the
//! table at the end of a sweep, and the texts of comparisons and sweet spots.
//!
//! [`read()`] builds the [`ReportData`] from results folders; the sections turn it into
//! sentences, plots and tables; [`write()`] renders those as Markdown, as one HTML page,
//! and every plot as SVG and PNG.

pub mod ab;
mod command_line;
pub mod compare;
mod data;
mod draw;
pub mod history;
mod html;
mod identity;
mod markdown;
mod names;
mod numbers;
pub mod outputs;
mod plots;
mod read;
mod sections;
mod studies;
pub mod sweep_table;
pub mod sweet_spot;
mod table;
mod tradeoff;
mod verdict;
mod view;
mod write;

pub use data::ReportData;
pub use read::read;
pub use write::{Written, write};

/// What a report says about how it was made.
#[derive(Clone, Copy, Debug)]
pub struct MadeBy<'a> {
    /// The tool.
    pub tool: &'a slm_results::manifest::ToolFacts,
    /// The command line, word by word.
    pub command: &'a [String],
}

/// Time that an answer may take unless another is given, seconds: how long
/// people wait before their mind wanders (Nielsen 1993, "Usability Engineering").
pub const BUDGET_S: f64 = 10.0;

/// The verdict in sentences: what the devices can do, and why one may doubt it.
pub fn verdict(data: &ReportData) -> (Vec<String>, Vec<String>) {
    (verdict::answers(data), verdict::caveats(data))
}
