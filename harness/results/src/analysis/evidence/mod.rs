//! What a device's sensors say of one trial: heat, clocks, energy. Rules and
//! thresholds: docs/methodology.md.

mod clocks;

pub use clocks::{Slowed, SlowedBelow};

use crate::schema::ThermalStatus;
use clocks::Clocks;
use slm_protocol::{Cluster, CoolDownReport, ResolvedOptions, Sample};
use std::{collections::HashMap, fmt};

/// Android's code for a battery that is discharging.
const DISCHARGING: f64 = 3.0;

/// Why a trial's energy is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoEnergy {
    /// No battery was seen.
    NoBattery,
    /// Power came from elsewhere too.
    PluggedIn,
    /// Whether power came from elsewhere is not known.
    UnknownStatus,
    /// Current or voltage cannot be read.
    NoCurrent,
    /// No reading fell within the trial.
    TooShort,
}

impl fmt::Display for NoEnergy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoBattery => "no battery can be read",
            Self::PluggedIn => "the battery was charging or the device plugged in",
            Self::UnknownStatus => "whether the battery was discharging is not known",
            Self::NoCurrent => "the battery's current or voltage cannot be read",
            Self::TooShort => "no reading fell within the trial; a shorter --telemetry-interval may help",
        })
    }
}

/// What the sensors said of one trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The worst of Android's thermal status before and after the trial.
    pub thermal_status: Option<ThermalStatus>,
    /// The battery's highest temperature, degrees Celsius.
    pub battery_temp_c: Option<f64>,
    /// Energy that the whole device took from its battery, joules.
    pub energy_j: Result<f64, NoEnergy>,
    /// Clusters that computed, but slower than before or than they can.
    pub slowed: Vec<Slowed>,
    /// Whether the clock of any cluster that computed is known, and something to hold it against.
    pub clocks_known: bool,
    /// The wait before the trial.
    pub cool_down: Option<CoolDownReport>,
}

impl Default for Evidence {
    fn default() -> Self {
        Self {
            thermal_status: None,
            battery_temp_c: None,
            energy_j: Err(NoEnergy::NoBattery),
            slowed: Vec::new(),
            clocks_known: false,
            cool_down: None,
        }
    }
}

/// Gathers the evidence of a device's trials, in the order of the events.
#[derive(Clone, Debug, Default)]
pub struct EvidenceCollector {
    /// Readings of the trial at hand.
    samples: Vec<Sample>,
    cool_down: Option<CoolDownReport>,
    clocks: Clocks,
}

impl EvidenceCollector {
    /// Takes the clusters that an agent found, and whether the sweep itself had the device lower their clocks
    /// (fixed performance).
    pub fn clusters(&mut self, clusters: &[Cluster], lowered: bool) {
        self.clocks.know(clusters, lowered);
    }

    /// Forgets what an agent said of a trial that it did not finish; another one runs it again.
    pub fn restart(&mut self) {
        self.samples.clear();
        self.cool_down = None;
    }

    /// Takes a reading of a trial.
    pub fn sample(&mut self, sample: &Sample) {
        if self.samples.first().is_some_and(|first| first.trial_id != sample.trial_id) {
            self.samples.clear();
        }
        self.samples.push(sample.clone());
    }

    /// Takes the wait before a trial.
    pub fn cool_down(&mut self, report: &CoolDownReport) {
        self.cool_down = Some(report.clone());
    }

    /// The evidence of a trial that is over. `options`: what its engine was set to.
    pub fn finish(&mut self, trial_id: &str, options: Option<&ResolvedOptions>) -> Evidence {
        let of_trial = |id: &Option<String>| id.as_deref() == Some(trial_id);
        let samples: Vec<Sample> = std::mem::take(&mut self.samples)
            .into_iter()
            .filter(|sample| of_trial(&sample.trial_id))
            .collect();
        let cool_down = self.cool_down.take().filter(|report| report.trial_id == trial_id);
        let values =
            |sensor: &'static str| samples.iter().filter(move |s| s.sensor == sensor).map(|s| s.value);
        let (slowed, clocks_known) = match options {
            Some(options) => self.clocks.judge(&samples, options),
            None => (Vec::new(), false),
        };
        Evidence {
            thermal_status: values("thermal-status").filter_map(ThermalStatus::from_reading).max(),
            battery_temp_c: values("battery-temperature").reduce(f64::max),
            energy_j: energy(&samples),
            slowed,
            clocks_known,
            cool_down,
        }
    }
}

/// Current times voltage, integrated by the trapezoidal rule from the reading before
/// the trial to the one after it, joules.
fn energy(samples: &[Sample]) -> Result<f64, NoEnergy> {
    if !samples.iter().any(|sample| sample.sensor.starts_with("battery-")) {
        return Err(NoEnergy::NoBattery);
    }
    let all = |sensor: &str, wanted: f64| {
        let mut values =
            samples.iter().filter(|s| s.sensor == sensor).map(|s| (s.value - wanted).abs() < 0.5);
        let first = values.next();
        first.map(|first| first && values.all(|value| value))
    };
    if all("battery-plugged", 0.0) == Some(false) {
        return Err(NoEnergy::PluggedIn);
    }
    match all("battery-status", DISCHARGING) {
        Some(true) => {}
        Some(false) => return Err(NoEnergy::PluggedIn),
        None => return Err(NoEnergy::UnknownStatus),
    }
    let volts: HashMap<u64, f64> =
        samples.iter().filter(|s| s.sensor == "battery-voltage").map(|s| (s.unix_ns, s.value)).collect();
    let watts: Vec<(u64, f64)> = samples
        .iter()
        .filter(|sample| sample.sensor == "battery-current")
        .filter_map(|sample| Some((sample.unix_ns, sample.value.abs() / 1e3 * volts.get(&sample.unix_ns)?)))
        .collect();
    match watts.len() {
        0 => Err(NoEnergy::NoCurrent),
        1 | 2 => Err(NoEnergy::TooShort),
        _ => Ok(watts
            .windows(2)
            .map(|pair| 0.5 * (pair[0].1 + pair[1].1) * pair[1].0.saturating_sub(pair[0].0) as f64 / 1e9)
            .sum()),
    }
}

#[cfg(test)]
mod tests;
