//! How fast a device is apart from any engine.

use serde::{Deserialize, Serialize};

/// Fixed work, timed before the first trial of a run and after its last: runs in which
/// the device was slower than in others are told by it. The threads are the engine's, and on
/// the same CPUs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// When in the run.
    pub moment: ProbeMoment,
    /// Threads.
    pub threads: u32,
    /// The loop that computed, by the instructions it is made of (`avx512-vnni`).
    pub kernel: String,
    /// Operations per second within the caches, all threads together, multiplication and
    /// addition counted as two: the median over the time measured.
    pub ops_per_s: f64,
    /// What no matrix product on these threads can exceed, operations per second: the best
    /// rate seen, times what a matrix unit that the loop has no instructions for does more.
    /// `None` where the CPU may have faster instructions of unknown speed.
    pub peak_ops_per_s: Option<f64>,
    /// Bytes per second read of a buffer beyond the last cache: the fastest pass. `None` where
    /// there was no memory for it.
    pub bytes_per_s: Option<f64>,
    /// Size of that buffer, bytes.
    pub buffer_bytes: Option<u64>,
    /// Time that it all took, nanoseconds.
    pub took_ns: u64,
}

/// When in a run a [`Probe`] was made.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum ProbeMoment {
    /// The model is loaded, no trial has run.
    Start,
    /// After the last trial.
    End,
}
