//! The context length of a cell, in the two columns that tell it.

use super::fields::Fault;
use slm_plan::prompts::Context;

/// The context length: either chunks or the prompt's exact length.
///
/// # Errors
/// When both are there, or none.
pub(super) fn context(chunks: Option<u8>, prompt_tokens: Option<u32>) -> Result<Context, Fault> {
    match (chunks, prompt_tokens) {
        (Some(chunks), None) => Ok(Context::Chunks(chunks)),
        (None, Some(tokens)) => Ok(Context::Tokens(tokens)),
        (Some(_), Some(_)) => {
            Err(Fault::new("prompt_tokens", "is there beside chunks; one of the two belongs"))
        }
        (None, None) => {
            Err(Fault::new("chunks", "is empty, and so is prompt_tokens; one of the two belongs"))
        }
    }
}
