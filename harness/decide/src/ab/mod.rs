//! Two settings against each other, run by run in alternation, until the difference is known.
//!
//! A block is a run of each. What the two differ by in a block is the mean over their common
//! prompts of the difference of logarithms, so that what drifts from block to block cancels. The
//! mean over blocks is tested by Student's t after every block, with an error rate that is spent over
//! the time allowed (`slm_stats::Sequential`), shared by the metrics that are tested. The interval of
//! each look has the level of that look: all intervals of a session hold the truth together with 95 %
//! (Jennison and Turnbull 1999, "Group Sequential Methods", chapter 9, repeated confidence intervals).

mod ab_test;
mod block;
#[expect(missing_docs, reason = "of the method into_str, which strum derives")]
mod look;

pub use ab_test::AbTest;
pub use look::{Answer, Look};

#[cfg(test)]
mod tests;
