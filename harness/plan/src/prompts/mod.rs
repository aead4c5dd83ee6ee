//! The study's prompts: questions (SlimLM paper, Table 7), requests (Table 8)
//! and documents, read from the built-in set or from a user's folder; and the
//! paper's prompt for document assistance (Table 13).

mod build;
mod chunks;
mod docassist;
mod set;

pub use build::{BuiltPrompt, Context, build};
pub use set::PromptSet;

use crate::{
    error::{Error, Result},
    request::ContextLengths,
};
use std::path::Path;

/// All prompts of a sweep; `source` is the name of a built-in set or a folder, the
/// study's own where there is none.
///
/// # Errors
/// [`Error::Input`] that names the file or option at fault and the remedy.
pub fn prompts(source: Option<&Path>, lengths: &ContextLengths) -> Result<Vec<BuiltPrompt>> {
    let set = match source {
        None => PromptSet::builtin(),
        Some(name) if name == Path::new(docassist::NAME) => {
            return match lengths {
                ContextLengths::Chunks(list) => {
                    Ok(list.iter().flat_map(|&k| docassist::prompts(k)).collect())
                }
                ContextLengths::Tokens(_) => Err(Error::input(
                    "docassist counts its context in chunks, and --prompt-tokens asks for exact lengths",
                    "give --chunks instead of --prompt-tokens, or leave --prompts out",
                )),
            };
        }
        Some(folder) => PromptSet::read(folder)?,
    };
    Ok(build(&set, lengths))
}
