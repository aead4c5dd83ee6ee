//! What people see: progress on stderr, tables on stdout.

mod format;
mod name;
mod plan_text;
mod progress;
mod pull;
mod quantise;
mod sweep_table;

pub use format::{bytes, clean, columns, figure, seconds};
pub use plan_text::plan_text;
use progress::count_bar;
pub use progress::{Progress, byte_bar};
pub use pull::pull_steps;
pub use quantise::quantise_steps;
pub use sweep_table::{failures, sweep_tables};

use std::io::{IsTerminal, Write};

/// Prints data on stdout. A reader that went away (`| head`) is not an error.
pub fn data(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// Prints a remark on stderr.
pub fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Whether progress can be drawn in place.
pub fn is_interactive() -> bool {
    std::io::stderr().is_terminal()
}
