//! What a device's sensors say of one trial: heat, clocks, energy. Rules and
//! thresholds: docs/methodology.md.

use crate::schema::ThermalStatus;
use slm_protocol::{CoolDownReport, CpuList, ResolvedOptions, Sample};
use std::{collections::HashMap, fmt};

/// A cluster's mean frequency may fall so far below its reference.
const SLOWER_SHARE: f64 = 0.10;
/// Residency is counted in ticks of 10 ms, and clocks take tens of milliseconds to
/// rise: shorter trials say nothing of them, seconds.
const CLOCKS_FROM_S: f64 = 1.0;
/// A cluster computes when it is busy with so many CPUs' worth of work.
const COMPUTING_CPUS: f64 = 0.8;
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

/// A cluster that ran slower than before.
#[derive(Clone, Debug, PartialEq)]
pub struct Slowed {
    /// Which.
    pub cpus: CpuList,
    /// Mean frequency in the trial, MHz.
    pub mean_mhz: f64,
    /// The highest mean of any earlier trial of the sweep on the device, MHz.
    pub reference_mhz: f64,
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
    /// Clusters that computed, but slower than before.
    pub slowed: Vec<Slowed>,
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
    /// Highest mean frequency of each cluster in a trial so far, MHz.
    reference: HashMap<CpuList, f64>,
}

impl EvidenceCollector {
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
        let mut slowed = Vec::new();
        for clock in clocks(&samples, options) {
            let reference = self.reference.entry(clock.cpus.clone()).or_insert(clock.mean_mhz);
            if clock.mean_mhz < (1.0 - SLOWER_SHARE) * *reference {
                let (mean_mhz, reference_mhz) = (clock.mean_mhz, *reference);
                slowed.push(Slowed { cpus: clock.cpus, mean_mhz, reference_mhz });
            }
            *reference = reference.max(clock.mean_mhz);
        }
        Evidence {
            thermal_status: values("thermal-status").filter_map(ThermalStatus::from_reading).max(),
            battery_temp_c: values("battery-temperature").reduce(f64::max),
            energy_j: energy(&samples),
            slowed,
            cool_down,
        }
    }
}

/// Mean frequency of a cluster that computed.
struct Clock {
    cpus: CpuList,
    mean_mhz: f64,
}

/// The clusters that the compute threads ran on, for trials that were long enough.
fn clocks(samples: &[Sample], options: Option<&ResolvedOptions>) -> Vec<Clock> {
    let Some(options) = options else { return Vec::new() };
    let mut stamps: Vec<u64> = samples.iter().map(|sample| sample.unix_ns).collect();
    stamps.sort_unstable();
    stamps.dedup();
    // The means are of the time since the reading before.
    let seconds_before = |at: u64| {
        let earlier = stamps.partition_point(|stamp| *stamp < at).checked_sub(1);
        earlier.map_or(0.0, |earlier| (at - stamps[earlier]) as f64 / 1e9)
    };
    let mut clusters: Vec<CpuList> = Vec::new();
    for sample in samples {
        let name = sample.sensor.strip_prefix("cpu").and_then(|rest| rest.strip_suffix("-residency"));
        if let Some(cpus) = name.and_then(|name| name.parse().ok())
            && !clusters.contains(&cpus)
        {
            clusters.push(cpus);
        }
    }
    let mut clocks = Vec::new();
    for cpus in clusters {
        let mean = |what: &str| {
            let sensor = format!("cpu{cpus}-{what}");
            let own = samples.iter().filter(|sample| sample.sensor == sensor);
            let (sum, time) = own.fold((0.0, 0.0), |(sum, time), sample| {
                let seconds = seconds_before(sample.unix_ns);
                (sum + sample.value * seconds, time + seconds)
            });
            (time >= CLOCKS_FROM_S).then(|| sum / time)
        };
        let chosen = options.affinity.as_ref().is_none_or(|affinity| affinity.overlaps(&cpus));
        // Without a count of busy time, a cluster computes for sure where every CPU has a thread.
        let full =
            options.affinity.as_ref().is_some_and(|affinity| affinity.count() <= options.threads as usize);
        let computed = mean("busy").map_or(full, |busy| busy >= COMPUTING_CPUS);
        if let Some(mean_mhz) = mean("residency").filter(|_| chosen && computed) {
            clocks.push(Clock { cpus, mean_mhz });
        }
    }
    clocks
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
