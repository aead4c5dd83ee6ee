//! Why an agent died, from the phone's logs. The shell's user may read the log
//! buffers of Android's logger; the kernel's own log only on some builds, and
//! tombstone files on none of a maker's, which is why all are optional.
//!
//! An agent that adb starts has `oom_score_adj` 0 (adbd, `init_subproc_child`), so both
//! lmkd, where it knows of it, and the kernel may choose it when memory runs out.

mod clue;
mod line;
#[cfg(test)]
mod tests;

pub use clue::{Clue, Death, find};

use crate::{LinkError, Shell};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);
const READ: &str = include_str!("read.sh");

/// Asks the phone what it logged of a death: the gravest clue, if there is one. One
/// round trip.
///
/// # Errors
/// The link's.
pub fn investigate(shell: &dyn Shell, death: &Death) -> Result<Option<Clue>, LinkError> {
    shell.run(READ, PATIENCE).map(|output| find(&output.text(), death))
}
