//! Words for people.

use std::io::{self, Write};

/// A line for people. Nothing is done about a stderr that is closed.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr(), "xtask: {line}");
}
