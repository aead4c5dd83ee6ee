//! `bench report`: from results folders to Markdown, one HTML page and plots.
//!
//! [`read()`] builds the [`Model`], [`view`] turns it into sections of sentences,
//! plots and tables, `html` and `markdown` render those. All plots are drawn once
//! as marks and come out as SVG (linked and inlined) and PNG.

mod blocks;
mod events;
mod html;
mod markdown;
mod model;
mod plot;
mod quantization;
mod read;
pub mod sweep_table;
mod table;
mod tables;
mod telemetry;
mod tokens;
mod trials;
mod verdict;
mod view;
mod words;
mod write;

pub use model::Model;
pub use read::read;
pub use write::{Written, write};

/// What a report says of its making.
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

/// The verdict in sentences: what the device can do, and why one may doubt it.
pub fn verdict(model: &Model) -> (Vec<String>, Vec<String>) {
    (verdict::answers(model), verdict::caveats(model))
}
