//! Temperatures from the kernel's thermal zones.

use super::{
    battery::Battery,
    file::{KernelFile, numbered},
};
use std::{collections::HashSet, fs, path::Path};

/// More zones than this are a phone's internals; the first ones are the CPU's.
const MAX_ZONES: usize = 64;

/// A thermal zone that gives plausible temperatures.
pub(super) struct Zone {
    /// `thermal-<type>`, unique.
    pub(super) name: String,
    /// Whether it measures CPU, SoC or battery.
    pub(super) counts: bool,
    file: KernelFile,
}

impl Zone {
    /// Degrees Celsius.
    pub(super) fn read(&self) -> Option<f64> {
        celsius(self.file.number()?)
    }
}

/// The zones under `/sys`, in the order of their numbers.
pub(super) fn zones(sys: &Path) -> Vec<Zone> {
    let mut names = HashSet::new();
    let mut zones = Vec::new();
    for (number, folder) in numbered(&sys.join("class/thermal"), "thermal_zone") {
        let kind = fs::read_to_string(folder.join("type")).unwrap_or_default();
        let kind = if kind.trim().is_empty() { number.to_string() } else { kind.trim().to_owned() };
        let mut name = format!("thermal-{kind}");
        if !names.insert(name.clone()) {
            name = format!("{name}-{number}");
        }
        let Some(file) = KernelFile::open(&folder.join("temp")) else { continue };
        let zone = Zone { name, counts: is_compute_or_battery(&kind), file };
        if zone.read().is_some() {
            zones.push(zone);
        }
    }
    // Those that count are never cut off.
    zones.sort_by_key(|zone| !zone.counts);
    zones.truncate(MAX_ZONES);
    zones
}

/// The kernel's ABI is millidegrees; some vendors give whole degrees. 0 is what a
/// sensor says that is switched off, and outside of -40 to 150 none of them measures.
pub(super) fn celsius(raw: f64) -> Option<f64> {
    let degrees = if raw.abs() <= 200.0 { raw } else { raw / 1000.0 };
    (degrees != 0.0 && (-40.0..=150.0).contains(&degrees)).then_some(degrees)
}

/// By the names that Qualcomm, Samsung, Google, `MediaTek` and PCs give their zones.
/// `soc` alone is a battery's state of charge on Qualcomm's phones.
fn is_compute_or_battery(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    let is = |words: &[&str]| words.contains(&kind.as_str());
    has(&["cpu", "batt", "skin", "pkg", "acpitz"])
        || is(&["big", "mid", "little"])
        || (kind.starts_with("soc") && kind.len() > 3)
}

/// What a cool-down gate looks at: zones of CPU, SoC and battery, and the battery.
pub(crate) struct Thermometer {
    zones: Vec<Zone>,
    battery: Option<Battery>,
}

impl Thermometer {
    /// Looks for sensors under `/sys`.
    pub(crate) fn under(sys: &Path) -> Self {
        let mut zones = zones(sys);
        zones.retain(|zone| zone.counts);
        Self { zones, battery: Battery::under(sys) }
    }

    /// The highest temperature and where, degrees Celsius.
    pub(crate) fn hottest(&self) -> Option<(f64, &str)> {
        let battery =
            self.battery.as_ref().and_then(|battery| Some((battery.temperature()?, "battery-temperature")));
        let zones = self.zones.iter().filter_map(|zone| Some((zone.read()?, zone.name.as_str())));
        zones.chain(battery).max_by(|a, b| a.0.total_cmp(&b.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn zones_that_count_are_known_by_name() {
        for kind in
            ["cpu-1-0-usr", "cpuss-2", "BIG", "LITTLE", "mtktscpu", "x86_pkg_temp", "battery", "soc_max"]
        {
            assert!(is_compute_or_battery(kind), "{kind}");
        }
        for kind in ["soc", "modem-lte", "camera", "pm8550_tz", "gpuss-0", "big-camera"] {
            assert!(!is_compute_or_battery(kind), "{kind}");
        }
    }

    #[test]
    fn millidegrees_and_degrees_are_told_apart_and_nonsense_is_none() {
        assert_eq!(
            [celsius(41_500.0), celsius(37.0), celsius(-5_000.0)],
            [Some(41.5), Some(37.0), Some(-5.0)]
        );
        assert_eq!([celsius(0.0), celsius(-273_150.0), celsius(2_147_483_647.0)], [None; 3]);
    }

    proptest! {
        #[test]
        fn every_temperature_is_a_possible_one(raw in any::<f64>()) {
            prop_assert!(celsius(raw).is_none_or(|degrees| (-40.0..=150.0).contains(&degrees) && degrees != 0.0));
        }

        #[test]
        fn degrees_survive_in_either_unit(degrees in 1u32..150) {
            let degrees = f64::from(degrees);
            prop_assert_eq!(celsius(degrees), Some(degrees));
            prop_assert_eq!(celsius(degrees * 1000.0), Some(degrees));
        }
    }
}
