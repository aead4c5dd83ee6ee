//! `--chat-template`: a file with a template of the user's.

use slm_plan::{
    error::{Error, Result},
    plain_text,
};
use std::path::Path;

/// Largest template that is read, bytes: the longest that models come with take a tenth of it.
const MAX_BYTES: u64 = 1 << 20;

/// Reads the template.
pub(super) fn read(path: &Path) -> Result<String> {
    let text = plain_text::read_lines(path, MAX_BYTES).map_err(|error| Error::text(&error))?;
    if text.trim().is_empty() {
        let what = format!("--chat-template: {} is empty", path.display());
        return Err(Error::input(what, "give a file with a Jinja template, or --no-chat-template"));
    }
    Ok(text)
}
