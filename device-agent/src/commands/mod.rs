//! The commands beside `run`: each is one process that does one thing.

pub(crate) mod check;
pub(crate) mod make;
pub(crate) mod prompts;
pub(crate) mod quantize;
mod report;
pub(crate) mod tokenize;
