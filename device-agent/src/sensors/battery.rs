//! The battery, by the kernel's power supply class.
//!
//! The class's ABI says microamperes and microvolts, and leaves the sign open. Vendors
//! differ: Samsung and Huawei give milliamperes, and drivers count either direction
//! as positive. So units are recognized by size, and the sign is set by the status, as
//! Android documents it: negative while discharging.

use super::{file::KernelFile, readings::Readings};
use slm_protocol::battery::{celsius, volts};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

/// Status codes as in Android's `BatteryManager`.
pub(super) const UNKNOWN: u8 = 1;
const CHARGING: u8 = 2;
const DISCHARGING: u8 = 3;
const NOT_CHARGING: u8 = 4;
const FULL: u8 = 5;

/// A reading from here on is microamperes: no phone draws 20 A, and one that
/// computes draws more than 20 mA.
const MICROAMPERES_FROM: f64 = 20_000.0;

pub(super) struct Battery {
    current: Option<KernelFile>,
    voltage: Option<KernelFile>,
    temperature: Option<KernelFile>,
    status: Option<KernelFile>,
    level: Option<KernelFile>,
    /// `online` of the chargers.
    chargers: Vec<KernelFile>,
    /// A current was seen that can only be in microamperes.
    microamperes: AtomicBool,
}

impl Battery {
    /// The battery under `/sys` that feeds the device itself.
    pub(super) fn under(sys: &Path) -> Option<Self> {
        let mut supplies: Vec<PathBuf> = fs::read_dir(sys.join("class/power_supply"))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        supplies.sort();
        let says = |folder: &Path, file: &str| fs::read_to_string(folder.join(file)).unwrap_or_default();
        let is_battery = |folder: &PathBuf| says(folder, "type").trim() == "Battery";
        let (batteries, chargers): (Vec<PathBuf>, Vec<PathBuf>) = supplies.into_iter().partition(is_battery);
        // Those of mice and headsets say so.
        let mut own = batteries.iter().filter(|folder| says(folder, "scope").trim() != "Device");
        let named = batteries.iter().find(|folder| folder.ends_with("battery"));
        let folder = named.or_else(|| own.next())?;
        let open = |file: &str| KernelFile::open(&folder.join(file));
        Some(Self {
            current: open("current_now"),
            voltage: open("voltage_now"),
            temperature: open("temp"),
            status: open("status"),
            level: open("capacity"),
            chargers: chargers.iter().filter_map(|folder| KernelFile::open(&folder.join("online"))).collect(),
            microamperes: AtomicBool::new(false),
        })
    }

    /// Degrees Celsius.
    pub(super) fn temperature(&self) -> Option<f64> {
        celsius(self.temperature.as_ref()?.number()?)
    }

    /// Reads everything; what cannot be read is left out.
    pub(super) fn read(&self, readings: &mut Readings) {
        let number = |file: &Option<KernelFile>| file.as_ref().and_then(KernelFile::number);
        let status = self.status.as_ref().and_then(KernelFile::text).and_then(|text| status_code(&text));
        let current = number(&self.current).map(|raw| {
            if raw.abs() >= MICROAMPERES_FROM {
                self.microamperes.store(true, Ordering::Relaxed);
            }
            milliamperes(raw, self.microamperes.load(Ordering::Relaxed), status)
        });
        readings.push("battery-current", current, "mA");
        readings.push("battery-voltage", number(&self.voltage).and_then(volts), "V");
        readings.push("battery-temperature", self.temperature(), "C");
        readings.push("battery-status", status.map(f64::from), "code");
        let level = number(&self.level).filter(|level| (0.0..=100.0).contains(level));
        readings.push("battery-level", level, "%");
        let online: Vec<f64> = self.chargers.iter().filter_map(KernelFile::number).collect();
        let plugged = online.iter().any(|online| *online > 0.0);
        readings.push(
            "battery-plugged",
            (!online.is_empty()).then_some(f64::from(u8::from(plugged))),
            "code",
        );
    }
}

fn status_code(text: &str) -> Option<u8> {
    Some(match text {
        "Unknown" => UNKNOWN,
        "Charging" => CHARGING,
        "Discharging" => DISCHARGING,
        "Not charging" => NOT_CHARGING,
        "Full" => FULL,
        _ => return None,
    })
}

/// Negative while discharging, positive while charging, else as the driver has it.
fn milliamperes(raw: f64, microamperes: bool, status: Option<u8>) -> f64 {
    let size = if microamperes { raw / 1e3 } else { raw };
    match status {
        Some(DISCHARGING) => -size.abs(),
        Some(CHARGING) => size.abs(),
        _ => size,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plant(sys: &Path, supply: &str, files: &[(&str, &str)]) {
        let folder = sys.join("class/power_supply").join(supply);
        fs::create_dir_all(&folder).unwrap();
        for (file, text) in files {
            fs::write(folder.join(file), format!("{text}\n")).unwrap();
        }
    }

    fn read(sys: &Path) -> Vec<(String, f64)> {
        let mut readings = Readings::new("t");
        Battery::under(sys).unwrap().read(&mut readings);
        readings.into_samples().into_iter().map(|sample| (sample.sensor, sample.value)).collect()
    }

    #[test]
    fn vendors_units_and_signs_come_out_alike() {
        for (current, voltage) in
            [("-812000", "3912000"), ("812000", "3912000"), ("-812", "3912000"), ("812", "3912")]
        {
            let sys = tempfile::tempdir().unwrap();
            let files = [("current_now", current), ("voltage_now", voltage), ("status", "Discharging")];
            let mut all = vec![("type", "Battery"), ("temp", "315"), ("capacity", "87")];
            all.extend(files);
            plant(sys.path(), "battery", &all);
            plant(sys.path(), "usb", &[("type", "USB"), ("online", "0")]);
            let expected = [
                ("battery-current", -812.0),
                ("battery-voltage", 3.912),
                ("battery-temperature", 31.5),
                ("battery-status", 3.0),
                ("battery-level", 87.0),
                ("battery-plugged", 0.0),
            ];
            let expected: Vec<(String, f64)> =
                expected.map(|(name, value)| (name.to_owned(), value)).to_vec();
            assert_eq!(read(sys.path()), expected, "{current} {voltage}");
        }
    }

    #[test]
    fn a_mouse_is_not_the_battery_and_none_is_none() {
        let sys = tempfile::tempdir().unwrap();
        assert!(Battery::under(sys.path()).is_none());
        plant(sys.path(), "hid-mouse", &[("type", "Battery"), ("scope", "Device"), ("capacity", "5")]);
        assert!(Battery::under(sys.path()).is_none());
        plant(
            sys.path(),
            "BAT0",
            &[("type", "Battery"), ("capacity", "50"), ("status", "Charging"), ("current_now", "-5000000")],
        );
        plant(sys.path(), "AC", &[("type", "Mains"), ("online", "1")]);
        let readings = read(sys.path());
        assert!(
            readings.contains(&("battery-level".into(), 50.0))
                && readings.contains(&("battery-plugged".into(), 1.0))
        );
        assert!(readings.contains(&("battery-current".into(), 5000.0)), "{readings:?}");
    }

    #[test]
    fn once_microamperes_always_microamperes() {
        let sys = tempfile::tempdir().unwrap();
        plant(sys.path(), "battery", &[("type", "Battery"), ("current_now", "-350000")]);
        let battery = Battery::under(sys.path()).unwrap();
        let mut readings = Readings::new("t");
        battery.read(&mut readings);
        plant(sys.path(), "battery", &[("current_now", "-9000")]);
        battery.read(&mut readings);
        let values: Vec<f64> = readings.into_samples().iter().map(|sample| sample.value).collect();
        assert_eq!(values, [-350.0, -9.0]);
    }

    proptest! {
        #[test]
        fn discharging_is_never_positive(raw in -20_000_000i32..20_000_000, micro in any::<bool>()) {
            prop_assert!(milliamperes(f64::from(raw), micro, Some(DISCHARGING)) <= 0.0);
            prop_assert!(milliamperes(f64::from(raw), micro, Some(CHARGING)) >= 0.0);
        }
    }
}
