//! Sensors that the kernel offers without rights: clocks, temperatures, load.
//! Read before and after a trial, never within it.

use crate::{clock, contention, memory::Memory};
use slm_protocol::Sample;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// More zones than this are a phone's internals; the first ones are the CPU's.
const MAX_ZONES: usize = 64;

/// The sensors found once, at the start.
pub(crate) struct Sensors {
    files: Vec<Sensor>,
}

struct Sensor {
    name: String,
    path: PathBuf,
    scale: f64,
    unit: &'static str,
}

impl Sensors {
    /// Looks for sensors under `/sys`.
    pub(crate) fn discover() -> Self {
        Self::under(Path::new("/sys"))
    }

    fn under(root: &Path) -> Self {
        let mut files = Vec::new();
        for (number, folder) in numbered(&root.join("devices/system/cpu"), "cpu") {
            let path = folder.join("cpufreq/scaling_cur_freq");
            files.push(Sensor { name: format!("cpu{number}-frequency"), path, scale: 1e-3, unit: "MHz" });
        }
        for (number, folder) in
            numbered(&root.join("class/thermal"), "thermal_zone").into_iter().take(MAX_ZONES)
        {
            let kind = fs::read_to_string(folder.join("type")).unwrap_or_default();
            let kind = if kind.trim().is_empty() { number.to_string() } else { kind.trim().to_owned() };
            let path = folder.join("temp");
            files.push(Sensor { name: format!("thermal-{kind}"), path, scale: 1e-3, unit: "C" });
        }
        files.retain(|sensor| sensor.read().is_some());
        Self { files }
    }

    /// One reading of everything.
    pub(crate) fn read(&self, trial_id: &str, memory: &Memory, into: &mut Vec<Sample>) {
        let unix_ns = clock::unix_ns();
        let mut push = |sensor: &str, value: Option<f64>, unit: &str| {
            if let Some(value) = value.filter(|value| value.is_finite()) {
                into.push(Sample {
                    unix_ns,
                    trial_id: Some(trial_id.to_owned()),
                    sensor: sensor.to_owned(),
                    value,
                    unit: unit.to_owned(),
                });
            }
        };
        for sensor in &self.files {
            push(&sensor.name, sensor.read(), sensor.unit);
        }
        let reading = memory.read();
        push("rss", reading.rss.map(|bytes| bytes as f64), "B");
        push("pss", reading.pss.map(|bytes| bytes as f64), "B");
        push("load-average", contention::load_average(), "1");
    }
}

impl Sensor {
    fn read(&self) -> Option<f64> {
        let raw: f64 = fs::read_to_string(&self.path).ok()?.trim().parse().ok()?;
        Some(raw * self.scale)
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
            write(&format!("devices/system/cpu/cpu{cpu}/cpufreq/scaling_cur_freq"), "2400000\n");
        }
        fs::create_dir_all(root.path().join("devices/system/cpu/cpufreq")).unwrap();
        write("class/thermal/thermal_zone0/type", "battery\n");
        write("class/thermal/thermal_zone0/temp", "31500\n");
        write("class/thermal/thermal_zone1/temp", "not a number\n");
        let mut samples = Vec::new();
        Sensors::under(root.path()).read("t1", &Memory::open(), &mut samples);
        let seen: Vec<(&str, f64, &str)> =
            samples.iter().take(3).map(|s| (s.sensor.as_str(), s.value, s.unit.as_str())).collect();
        assert_eq!(
            seen,
            [
                ("cpu2-frequency", 2400.0, "MHz"),
                ("cpu10-frequency", 2400.0, "MHz"),
                ("thermal-battery", 31.5, "C")
            ]
        );
        assert!(samples.iter().any(|sample| sample.sensor == "rss"));
    }
}
