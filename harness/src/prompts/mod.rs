//! The study's prompts: questions (SlimLM paper, Table 7), requests (Table 8)
//! and documents, read from the built-in set or from a user's folder.

mod build;
mod chunks;
mod set;

pub use build::{BuiltPrompt, Context, build};
pub use set::PromptSet;
