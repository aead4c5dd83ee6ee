//! Temperatures from the kernel's thermal zones.

use super::{
    battery::Battery,
    file::{KernelFile, numbered},
};
use slm_protocol::degrees::{Part, Unit, unit_beside};
use std::{collections::HashSet, fs, path::Path, sync::OnceLock};

/// More zones than this are a phone's internals; the first ones are the CPU's.
const MAX_ZONES: usize = 64;

/// A thermal zone. One that gives no temperature at first, because its sensor sleeps, may
/// give one later.
pub(super) struct Zone {
    /// `thermal-<type>`, unique.
    pub(super) name: String,
    /// Whether it measures CPU, SoC or battery.
    pub(super) counts: bool,
    part: Part,
    file: KernelFile,
    /// Of its readings, once one was a temperature.
    unit: OnceLock<Unit>,
}

/// The zones of a machine.
#[derive(Default)]
pub(super) struct Zones {
    /// Those that are read.
    pub(super) all: Vec<Zone>,
    /// Those left out, and why.
    pub(super) left_out: Vec<String>,
}

impl Zone {
    /// Degrees Celsius.
    pub(super) fn read(&self) -> Option<f64> {
        let raw = self.file.number()?;
        let unit = self.unit.get().copied().or_else(|| Unit::of(raw, self.part))?;
        self.unit.get_or_init(|| unit);
        unit.degrees(raw)
    }

    /// Whether it has ever given a temperature.
    pub(super) fn is_awake(&self) -> bool {
        self.unit.get().is_some()
    }
}

/// The zones under `/sys`, in the order of their numbers, those that count first.
pub(super) fn zones(sys: &Path) -> Zones {
    let mut names = HashSet::new();
    let mut found = Zones::default();
    for (number, folder) in numbered(&sys.join("class/thermal"), "thermal_zone") {
        let kind = fs::read_to_string(folder.join("type")).unwrap_or_default();
        let kind = if kind.trim().is_empty() { number.to_string() } else { kind.trim().to_owned() };
        let mut name = format!("thermal-{kind}");
        if !names.insert(name.clone()) {
            name = format!("{name}-{number}");
        }
        if is_no_temperature(&kind) {
            found.left_out.push(format!("{name} (no temperature, by its name)"));
            continue;
        }
        let file = KernelFile::open(&folder.join("temp"));
        let Some((file, raw)) = file.and_then(|file| file.number().map(|raw| (file, raw))) else {
            found.left_out.push(format!("{name} (cannot be read)"));
            continue;
        };
        let (part, counts) = (Part::of(&kind), is_compute_or_battery(&kind));
        let zone = Zone { name, counts, part, file, unit: OnceLock::new() };
        if zone.read().is_none() {
            found.left_out.push(format!("{} (gives {raw} at first)", zone.name));
        }
        found.all.push(zone);
    }
    settle_units(&mut found);
    // Those that count are never cut off.
    found.all.sort_by_key(|zone| !zone.counts);
    let more = found.all.split_off(found.all.len().min(MAX_ZONES));
    found.left_out.extend(more.iter().map(|zone| format!("{} (one too many)", zone.name)));
    found
}

/// Judges units by the neighbours', and leaves out zones where that does not help.
fn settle_units(found: &mut Zones) {
    let first = |zone: &Zone| Some((*zone.unit.get()?, zone.read()?));
    let read: Vec<Option<(Unit, f64)>> = found.all.iter().map(first).collect();
    let mut index = 0;
    found.all.retain_mut(|zone| {
        let others = read.iter().enumerate().filter(|(other, _)| *other != index);
        let others: Vec<(Unit, f64)> = others.filter_map(|(_, read)| *read).collect();
        let own = read[index];
        index += 1;
        // One that sleeps is judged alone once it wakes.
        let Some((unit, raw)) = own.zip(zone.file.number()).map(|((unit, _), raw)| (unit, raw)) else {
            return true;
        };
        let Some(settled) = unit_beside(raw, unit, &others) else {
            found.left_out.push(format!("{} (degrees or tenths)", zone.name));
            return false;
        };
        zone.unit = OnceLock::from(settled);
        true
    });
}

/// Zones of the kernel that limit the current of a battery: Qualcomm's `soc` is its state of
/// charge, `vbat` and `ibat` its voltage and current, and there are alarms of both.
fn is_no_temperature(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    matches!(kind.as_str(), "soc" | "socd" | "vbat" | "ibat")
        || ["vbat-", "vbat_", "ibat-", "ibat_", "-ibat-", "-vbat-", "bcl"]
            .iter()
            .any(|word| kind.contains(word))
}

/// By the names that Qualcomm, Samsung, Google, `MediaTek` and PCs give their zones.
/// `soc` alone is a battery's state of charge on Qualcomm's phones.
fn is_compute_or_battery(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    let is = |words: &[&str]| words.contains(&kind.as_str());
    has(&["cpu", "batt", "skin", "pkg", "acpitz", "tsens"])
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
        let mut zones = zones(sys).all;
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

    fn plant(sys: &Path, zones: &[(&str, &str)]) {
        for (number, (kind, temp)) in zones.iter().enumerate() {
            let folder = sys.join(format!("class/thermal/thermal_zone{number}"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("type"), format!("{kind}\n")).unwrap();
            fs::write(folder.join("temp"), format!("{temp}\n")).unwrap();
        }
    }

    fn read(zones: &Zones) -> Vec<(&str, Option<f64>)> {
        zones.all.iter().map(|zone| (zone.name.as_str(), zone.read())).collect()
    }

    /// One phone with all three units and a sensor that is not connected, as some of
    /// Qualcomm's have.
    #[test]
    fn units_may_differ_from_zone_to_zone() {
        let sys = tempfile::tempdir().unwrap();
        plant(
            sys.path(),
            &[
                ("battery", "25000"),
                ("pa_therm1", "-40"),
                ("tsens_tz_sensor5", "309"),
                ("xo_therm", "31"),
                ("case_therm", "30"),
            ],
        );
        let zones = zones(sys.path());
        assert_eq!(
            read(&zones),
            [
                ("thermal-battery", Some(25.0)),
                ("thermal-tsens_tz_sensor5", Some(30.9)),
                ("thermal-pa_therm1", None),
                ("thermal-xo_therm", Some(31.0)),
                ("thermal-case_therm", Some(30.0)),
            ]
        );
        assert_eq!(zones.left_out, ["thermal-pa_therm1 (gives -40 at first)"]);
        // Tenths stay tenths.
        plant(
            &sys.path().join(""),
            &[("battery", "25000"), ("pa_therm1", "-40"), ("tsens_tz_sensor5", "101")],
        );
        assert_eq!(zones.all[1].read(), Some(10.1));
    }

    #[test]
    fn a_zone_that_gives_nothing_at_first_is_tried_again() {
        let sys = tempfile::tempdir().unwrap();
        plant(
            sys.path(),
            &[("cpu-0-0", "0"), ("modem", "not a number"), ("soc", "87"), ("ibat-lvl0", "1200")],
        );
        let zones = zones(sys.path());
        assert_eq!(read(&zones), [("thermal-cpu-0-0", None)]);
        assert!(!zones.all[0].is_awake());
        assert_eq!(
            zones.left_out,
            [
                "thermal-cpu-0-0 (gives 0 at first)",
                "thermal-modem (cannot be read)",
                "thermal-soc (no temperature, by its name)",
                "thermal-ibat-lvl0 (no temperature, by its name)"
            ]
        );
        let thermometer = Thermometer::under(sys.path());
        assert_eq!(thermometer.hottest(), None);
        plant(sys.path(), &[("cpu-0-0", "43500")]);
        assert_eq!(zones.all[0].read(), Some(43.5));
        assert!(zones.all[0].is_awake());
        assert_eq!(thermometer.hottest(), Some((43.5, "thermal-cpu-0-0")));
    }

    #[test]
    fn a_zone_whose_unit_is_in_doubt_is_left_out() {
        let sys = tempfile::tempdir().unwrap();
        plant(sys.path(), &[("cpu0", "412"), ("cpu1", "398"), ("gpu", "45"), ("modem", "3")]);
        let found = zones(sys.path());
        let expected = [
            ("thermal-cpu0", Some(41.2)),
            ("thermal-cpu1", Some(39.8)),
            ("thermal-gpu", Some(45.0)),
            ("thermal-modem", Some(3.0)),
        ];
        assert_eq!(read(&found), expected, "two of them vouch for whole degrees");
        plant(sys.path(), &[("cpu0", "1002"), ("cpu1", "1008"), ("gpu", "45"), ("modem", "0")]);
        let found = zones(sys.path());
        assert_eq!(read(&found).len(), 3);
        assert_eq!(found.left_out, ["thermal-modem (gives 0 at first)", "thermal-gpu (degrees or tenths)"]);
        plant(sys.path(), &[("cpu0", "125"), ("cpu1", "131"), ("gpu", "95"), ("modem", "0")]);
        assert_eq!(zones(sys.path()).all[2].read(), Some(9.5));
    }
}
