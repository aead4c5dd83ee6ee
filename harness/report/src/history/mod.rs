//! A history for a terminal, for Markdown, for programs, and as plots.

mod json;
mod markdown;
mod parts;
mod plot;
mod text;
mod write;

pub use json::json;
pub use markdown::markdown;
pub use text::text;
pub use write::write;

#[cfg(test)]
mod tests;
