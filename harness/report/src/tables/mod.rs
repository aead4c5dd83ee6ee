//! The report's tables, one file each.

mod baseline;
mod conditions;
mod failures;
mod latency;
mod memory;
mod paper;
mod quantization;

pub(super) use baseline::{baseline, differences};
pub(super) use conditions::{conditions, measures, models, quoted};
pub(super) use failures::{doubts, failures, lost};
pub(super) use latency::{latency, spread};
pub(super) use memory::memory;
pub(super) use paper::paper;
pub(super) use quantization::quantization;
