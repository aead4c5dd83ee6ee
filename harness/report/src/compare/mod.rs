//! A comparison for a terminal, for Markdown and for programs.

mod json;
mod markdown;
mod parts;
mod text;

pub use json::json;
pub use markdown::markdown;
pub use text::text;
