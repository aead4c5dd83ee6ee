//! This build, and how it was called: for manifests and reports.

use slm_results::manifest::ToolFacts;
use std::env;

/// This build.
pub(crate) fn facts() -> ToolFacts {
    ToolFacts { version: env!("CARGO_PKG_VERSION").into(), commit: env!("BENCH_COMMIT").into() }
}

/// The command as it could be typed anywhere: where the program lies says nothing.
pub(crate) fn command_line() -> Vec<String> {
    let words = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    ["bench".to_owned()].into_iter().chain(words).collect()
}
