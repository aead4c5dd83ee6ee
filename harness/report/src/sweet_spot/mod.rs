//! A sweet spot for a terminal and for programs.

mod json;
mod text;

pub use json::json;
pub use text::text;
