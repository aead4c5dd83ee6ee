//! Why an agent died, from the phone's logs. The shell's user may read the log buffers of
//! Android's logger; the kernel's log only on some builds, and tombstone files on no maker's
//! build. So none of them is relied on.
//!
//! An agent that adb starts has `oom_score_adj` 0 (adbd, `init_subproc_child`), so both
//! lmkd, where it knows of it, and the kernel may choose it when memory runs out.

mod clue;
mod investigate;
mod line;
#[cfg(test)]
mod tests;

pub use clue::{Clue, DeadAgent, find};
pub use investigate::investigate;
