//! Sensors that the kernel offers without rights: temperatures, clocks, battery, load,
//! memory. All of them are read before and after a trial, and the cheap ones also
//! within it, by a thread of their own ([`Sampler`]).

mod android;
mod battery;
mod cpufreq;
mod file;
mod sampler;
mod thermal;

pub(crate) use cpufreq::clusters;
pub(crate) use sampler::Sampler;
pub(crate) use thermal::Thermometer;

use crate::{clock, contention, memory::Memory, root};
use android::Android;
use battery::Battery;
use cpufreq::Clocks;
use slm_protocol::Sample;
use std::{
    fs,
    path::{Path, PathBuf},
};
use thermal::Zone;

/// Thermal zones that are read within a trial; on a phone each costs a request to
/// another processor.
const ZONES_WITHIN: usize = 16;

/// The sensors found once, at the start.
pub(crate) struct Sensors {
    zones: Vec<Zone>,
    clocks: Clocks,
    battery: Option<Battery>,
    android: Android,
    memory: Memory,
}

impl Sensors {
    /// Looks for sensors.
    pub(crate) fn discover() -> Self {
        Self::under(&root::path("sys"), Android::discover())
    }

    fn under(sys: &Path, android: Android) -> Self {
        Self {
            zones: thermal::zones(sys),
            clocks: Clocks::under(sys),
            battery: Battery::under(sys),
            android,
            memory: Memory::open(),
        }
    }

    /// Before a trial; the slow ones first.
    fn before(&mut self, batch: &mut Batch) {
        self.android.read(self.battery.is_some(), batch);
        batch.stamp();
        self.zones(usize::MAX, batch);
        self.slow(batch);
        self.clocks.restart();
        self.quick(batch);
    }

    /// Within a trial: what is cheap and changes.
    fn within(&mut self, batch: &mut Batch) {
        batch.stamp();
        self.zones(ZONES_WITHIN, batch);
        self.quick(batch);
        batch.push("rss", self.memory.rss().map(|bytes| bytes as f64), "B");
    }

    /// After a trial; what the next moment changes first.
    fn after(&mut self, batch: &mut Batch) {
        batch.stamp();
        self.quick(batch);
        self.zones(usize::MAX, batch);
        self.slow(batch);
        self.android.read(self.battery.is_some(), batch);
    }

    fn zones(&self, at_most: usize, batch: &mut Batch) {
        for zone in self.zones.iter().take(at_most) {
            batch.push(&zone.name, zone.read(), "C");
        }
    }

    fn quick(&mut self, batch: &mut Batch) {
        self.clocks.read(batch);
        if let Some(battery) = &self.battery {
            battery.read(batch);
        }
        batch.push("load-average", contention::load_average(), "1");
    }

    /// The proportional set takes milliseconds with a large model mapped.
    fn slow(&self, batch: &mut Batch) {
        let reading = self.memory.read();
        batch.push("rss", reading.rss.map(|bytes| bytes as f64), "B");
        batch.push("pss", reading.pss.map(|bytes| bytes as f64), "B");
    }
}

/// Readings of one trial.
pub(crate) struct Batch {
    trial_id: String,
    unix_ns: u64,
    samples: Vec<Sample>,
}

impl Batch {
    pub(crate) fn new(trial_id: &str) -> Self {
        Self { trial_id: trial_id.to_owned(), unix_ns: clock::unix_ns(), samples: Vec::new() }
    }

    /// The readings that follow are of now.
    fn stamp(&mut self) {
        self.unix_ns = clock::unix_ns();
    }

    fn push(&mut self, sensor: &str, value: Option<f64>, unit: &str) {
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

    pub(crate) fn into_samples(self) -> Vec<Sample> {
        self.samples
    }
}

/// The folders `<prefix><number>`, in the order of their numbers.
fn numbered(folder: &Path, prefix: &str) -> Vec<(u32, PathBuf)> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((number, entry.path()))
        })
        .collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensors_are_found_in_order_and_scaled_and_broken_ones_left_out() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for cpu in [10, 2] {
            let folder = format!("devices/system/cpu/cpu{cpu}/cpufreq");
            write(&format!("{folder}/scaling_cur_freq"), "2400000\n");
            write(&format!("{folder}/cpuinfo_max_freq"), "3000000\n");
            write(&format!("{folder}/stats/time_in_state"), "600000 10\n2400000 10\n");
        }
        fs::create_dir_all(root.path().join("devices/system/cpu/cpufreq")).unwrap();
        write("class/thermal/thermal_zone0/type", "modem\n");
        write("class/thermal/thermal_zone0/temp", "31500\n");
        write("class/thermal/thermal_zone1/temp", "not a number\n");
        write("class/thermal/thermal_zone2/type", "cpu-0-0\n");
        write("class/thermal/thermal_zone2/temp", "45000\n");
        let mut sensors = Sensors::under(root.path(), Android::none());
        let mut batch = Batch::new("t1");
        sensors.before(&mut batch);
        for cpu in [10, 2] {
            let file = format!("devices/system/cpu/cpu{cpu}/cpufreq/stats/time_in_state");
            write(&file, "600000 15\n2400000 25\n");
        }
        sensors.within(&mut batch);
        let samples = batch.into_samples();
        let of = |sensor: &str| {
            let all = samples.iter().filter(|sample| sample.sensor == sensor);
            all.map(|sample| (sample.value, sample.unit.as_str())).collect::<Vec<_>>()
        };
        assert_eq!(of("cpu2-frequency"), [(2400.0, "MHz"); 2]);
        assert_eq!(of("cpu10-residency"), [(1950.0, "MHz")], "5 ticks at 600 MHz and 15 at 2.4 GHz");
        assert_eq!(of("thermal-modem"), [(31.5, "C"); 2]);
        assert_eq!(samples[0].sensor, "thermal-cpu-0-0", "those that count come first");
        assert_eq!((of("rss").len(), of("pss").len()), (2, 1));
        assert!(samples.iter().all(|sample| sample.trial_id.as_deref() == Some("t1")));
    }
}
