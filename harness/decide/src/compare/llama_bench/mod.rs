//! llama-bench's results, read and written: `-o json` (an array), `-o jsonl` (a
//! line for each test) and `-o csv`.
//!
//! What corresponds: a prompt test of N tokens (`pp N`) gives the ITPS of a prompt
//! of exactly N tokens; a generation test at depth N (`-d N`) the OTPS after such
//! a prompt. Other tests (`tg` from an empty context, `pp+tg`) have no cell here.
//! llama-bench evaluates random token ids without tokenisation and sampling.

mod format;
mod read;
mod write;

pub use format::UNKNOWN;
pub use read::{is_llama_bench, read};
pub use write::write;

#[cfg(test)]
mod tests;
