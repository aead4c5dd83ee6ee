//! All sensors of the device. All of them are read before and after a trial, and the cheap
//! ones also within it.

use super::{
    android::Android,
    battery::Battery,
    cpufreq::Clocks,
    readings::Readings,
    root,
    thermal::{self, Zones},
};
use crate::measure::{contention, memory::Memory};
use std::path::Path;

/// Thermal zones that are read within a trial; on a phone each costs a request to
/// another processor.
const ZONES_WITHIN: usize = 16;

/// Sensors left out that are named; a phone may have a hundred.
const MAX_NAMED: usize = 24;

/// The sensors found once, at the start.
pub(crate) struct Sensors {
    zones: Zones,
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

    /// Which sensors are left out, and why, in one line; `None` where none is. Asks the slow
    /// ones.
    pub(super) fn left_out(&mut self) -> Option<String> {
        let mut all = self.zones.left_out.clone();
        all.extend(self.android.left_out());
        let more = all.len().saturating_sub(MAX_NAMED);
        all.truncate(MAX_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!all.is_empty()).then(|| format!("sensors left out: {}{more}", all.join(", ")))
    }

    /// Before a trial; the slow ones first.
    pub(super) fn before(&mut self, readings: &mut Readings) {
        self.android.read(self.battery.is_some(), readings);
        readings.stamp();
        self.zones(readings);
        self.slow(readings);
        self.clocks.restart();
        self.clocks.limits(readings);
        self.quick(readings);
    }

    /// Whether there are clocks to be read.
    pub(super) fn has_clocks(&self) -> bool {
        !self.clocks.is_empty()
    }

    /// Within a trial: the clocks alone.
    pub(super) fn clocks(&mut self, readings: &mut Readings) {
        readings.stamp();
        self.clocks.read(readings);
    }

    /// Within a trial: what is cheap and changes.
    pub(super) fn within(&mut self, readings: &mut Readings) {
        readings.stamp();
        // What sleeps is looked for before and after a trial.
        for zone in self.zones.all.iter().filter(|zone| zone.is_awake()).take(ZONES_WITHIN) {
            readings.push(&zone.name, zone.read(), "C");
        }
        self.quick(readings);
        readings.push("rss", self.memory.rss().map(|bytes| bytes as f64), "B");
    }

    /// After a trial; what the next moment changes first.
    pub(super) fn after(&mut self, readings: &mut Readings) {
        readings.stamp();
        self.quick(readings);
        self.clocks.limits(readings);
        self.zones(readings);
        self.slow(readings);
        self.android.read(self.battery.is_some(), readings);
    }

    fn zones(&self, readings: &mut Readings) {
        for zone in &self.zones.all {
            readings.push(&zone.name, zone.read(), "C");
        }
    }

    fn quick(&mut self, readings: &mut Readings) {
        self.clocks.read(readings);
        if let Some(battery) = &self.battery {
            battery.read(readings);
        }
        readings.push("load-average", contention::load_average(), "1");
    }

    /// The proportional set takes milliseconds with a large model mapped.
    fn slow(&self, readings: &mut Readings) {
        let reading = self.memory.read();
        readings.push("rss", reading.rss.map(|bytes| bytes as f64), "B");
        readings.push("pss", reading.pss.map(|bytes| bytes as f64), "B");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

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
            write(&format!("{folder}/scaling_max_freq"), "2500000\n");
            write(&format!("{folder}/stats/time_in_state"), "600000 10\n2400000 10\n");
        }
        fs::create_dir_all(root.path().join("devices/system/cpu/cpufreq")).unwrap();
        write("class/thermal/thermal_zone0/type", "modem\n");
        write("class/thermal/thermal_zone0/temp", "31500\n");
        write("class/thermal/thermal_zone1/temp", "not a number\n");
        write("class/thermal/thermal_zone2/type", "cpu-0-0\n");
        write("class/thermal/thermal_zone2/temp", "45000\n");
        let mut sensors = Sensors::under(root.path(), Android::none());
        let mut readings = Readings::new("t1");
        sensors.before(&mut readings);
        for cpu in [10, 2] {
            let file = format!("devices/system/cpu/cpu{cpu}/cpufreq/stats/time_in_state");
            write(&file, "600000 15\n2400000 25\n");
        }
        sensors.within(&mut readings);
        let samples = readings.into_samples();
        let of = |sensor: &str| {
            let all = samples.iter().filter(|sample| sample.sensor == sensor);
            all.map(|sample| (sample.value, sample.unit.as_str())).collect::<Vec<_>>()
        };
        assert_eq!(of("cpu2-frequency"), [(2400.0, "MHz"); 2]);
        assert_eq!(of("cpu2-limit"), [(2500.0, "MHz")], "around a trial only");
        assert_eq!(of("cpu10-residency"), [(1950.0, "MHz")], "5 ticks at 600 MHz and 15 at 2.4 GHz");
        assert_eq!(of("thermal-modem"), [(31.5, "C"); 2]);
        assert_eq!(samples[0].sensor, "thermal-cpu-0-0", "those that count come first");
        assert_eq!((of("rss").len(), of("pss").len()), (2, 1));
        assert!(samples.iter().all(|sample| sample.trial_id.as_deref() == Some("t1")));
    }
}
