//! Where words go: data on stdout, remarks on stderr.

use serde::Serialize;
use slm_plan::error::{Error, Result};
use std::io::{IsTerminal, Write};

/// Prints data on stdout. A reader that went away (`| head`) is not an error.
pub fn data(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// Prints a value as JSON on stdout.
///
/// # Errors
/// [`Error::Internal`] for what cannot be written as JSON.
pub fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Error::Internal(error.to_string()))?;
    data(&(text + "\n"));
    Ok(())
}

/// Prints a remark on stderr.
pub fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Whether progress can be drawn in place.
pub fn is_interactive() -> bool {
    std::io::stderr().is_terminal()
}
