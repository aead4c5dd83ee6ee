//! A results folder: how it was measured, and what happened over time.

use super::Tally;
use slm_results::{
    manifest::{Manifest, PlanWithoutTrials},
    schema::{VarianceRow, Verdict},
};
use std::collections::BTreeMap;

/// A results folder.
#[derive(Debug)]
pub struct Run {
    /// Name of its folder.
    pub id: String,
    /// How it was measured.
    pub manifest: Manifest<PlanWithoutTrials>,
    /// Command lines of all runs: the first and the resumed ones.
    pub commands: Vec<Vec<String>>,
    /// Why trials are suspect or throttled, by device and kind of reason.
    pub doubts: BTreeMap<(String, String), Tally>,
    /// Lost devices, each time they were.
    pub lost: Vec<Loss>,
    /// What the figures of its cells vary with.
    pub variances: Vec<VarianceRow>,
    /// Trials at their times, some thousands at most.
    pub moments: Vec<Moment>,
    /// Readings of sensors.
    pub sensors: Vec<Sensor>,
    /// Remarks on files of which only a part was read.
    pub sampled: Vec<String>,
}

/// A lost device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Device.
    pub device: String,
    /// When the host gave up on it; RFC 3339.
    pub at: String,
    /// What the host saw. Untrusted text.
    pub reason: String,
}

/// A trial at its time.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Start, seconds since the Unix epoch.
    pub at_s: f64,
    /// Index of its subject.
    pub subject: usize,
    /// Index of its cell.
    pub cell: usize,
    /// Output tokens per second.
    pub otps: f32,
    /// Its verdict.
    pub verdict: Verdict,
}

/// A sensor's readings.
#[derive(Debug)]
pub struct Sensor {
    /// Device.
    pub device: String,
    /// Name.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// Seconds since the Unix epoch, and value.
    pub readings: Vec<(f64, f64)>,
}
