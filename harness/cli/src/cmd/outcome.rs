//! How a command ended.

/// How a command that reached its end ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All well.
    Done,
    /// Done, but some cells failed.
    SomeFailed,
    /// Done, and something became worse where that was to be told.
    Regressed,
    /// The device was lost for good; what was measured is kept.
    DeviceLost,
    /// Ended by the user, with what was measured.
    Interrupted,
}
