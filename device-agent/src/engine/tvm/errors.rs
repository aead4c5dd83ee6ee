//! What TVM's errors say, in one line.

use crate::engine::error::LoadError;
use slm_protocol::Failure;
use std::fmt::Display;

/// Why something cannot be loaded: `subject` is the file or part that failed.
pub(in crate::engine) fn load_error(subject: impl Display, why: impl Display) -> LoadError {
    let why = one_line(&why.to_string());
    let failure = if is_out_of_memory(&why) { Failure::OutOfMemory } else { Failure::LoadFailed };
    LoadError { failure, message: format!("{subject}: {why}") }
}

/// A message of several lines as one.
pub(in crate::engine) fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("; ")
}

/// Whether a message of TVM or C++ says that memory ran out.
pub(in crate::engine) fn is_out_of_memory(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["out of memory", "bad_alloc", "out_of_device_memory", "mem_object_allocation_failure"]
        .iter()
        .any(|words| text.contains(words))
}
