//! The readings of one trial.

use crate::measure::clock;
use slm_protocol::Sample;

/// Readings of one trial.
pub(crate) struct Readings {
    trial_id: String,
    unix_ns: u64,
    samples: Vec<Sample>,
}

impl Readings {
    pub(crate) fn new(trial_id: &str) -> Self {
        Self { trial_id: trial_id.to_owned(), unix_ns: clock::unix_ns(), samples: Vec::new() }
    }

    /// The readings that follow get the present time.
    pub(super) fn stamp(&mut self) {
        self.unix_ns = clock::unix_ns();
    }

    pub(super) fn push(&mut self, sensor: &str, value: Option<f64>, unit: &str) {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            self.samples.push(Sample {
                unix_ns: self.unix_ns,
                trial_id: Some(self.trial_id.clone()),
                sensor: sensor.to_owned(),
                value,
                unit: unit.to_owned(),
            });
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.samples.len()
    }

    /// Removes and returns what was read so far.
    pub(super) fn take(&mut self) -> Vec<Sample> {
        std::mem::take(&mut self.samples)
    }

    pub(crate) fn into_samples(self) -> Vec<Sample> {
        self.samples
    }
}
