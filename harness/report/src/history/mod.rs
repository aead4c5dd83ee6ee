//! A history for a terminal, for Markdown, for programs, and as plots.

mod days;
mod json;
mod markdown;
mod marks;
mod naming;
mod pace;
mod panel;
mod parts;
mod percent;
mod plot;
mod text;
mod write;

pub use json::json;
pub use markdown::markdown;
pub use text::text;
pub use write::write;

#[cfg(test)]
mod tests;
