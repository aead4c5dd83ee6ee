//! Names that reading and writing share.

/// In place of what llama-bench does not record.
pub const UNKNOWN: &str = "unknown";

/// Columns that every version of llama-bench has had since it records depths.
pub(super) const TELLTALE: [&str; 5] = ["build_commit", "model_filename", "n_prompt", "n_gen", "avg_ts"];
