//! What became of a figure over time.

use super::Change;
use slm_stats::{Interval, Slope};

/// What became of a figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Course {
    /// Fewer than five points to test: nothing can be told.
    TooFew,
    /// Nothing that goes beyond chance and noise.
    Steady,
    /// It rises or falls all the time, as its [`Trend`] says.
    Drift,
    /// It changed from one level to another, once or more.
    Steps(Vec<Step>),
}

/// How a figure rises or falls over the whole time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// Slope of the logarithm for a week, with its interval; `None` where all sweeps have one time.
    pub slope: Option<Slope>,
    /// p that there is no trend, not corrected for anything.
    pub p: f64,
    /// Weeks from the first to the last point.
    pub weeks: f64,
}

/// A change of level.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The first point at the new level.
    pub at: usize,
    /// The first and the last point at which it may have been, with 95 % confidence.
    pub plausible: [usize; 2],
    /// The level before: the geometric mean.
    pub before: f64,
    /// The level after.
    pub after: f64,
    /// After / before, with its 95 % interval.
    pub ratio: (f64, Interval),
    /// What else changed at the plausible points, or between them and the tested point before.
    pub changes: Vec<Change>,
}

impl Trend {
    /// The factor over the whole time.
    pub fn total(&self) -> Option<f64> {
        Some((self.slope?.slope * self.weeks).exp())
    }
}
