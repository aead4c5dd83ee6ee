//! What Android's services say: `dumpsys thermalservice` and `dumpsys battery`. They
//! take tens of milliseconds of another process, so they are asked before and after
//! a trial only, and never again once one of them hung.

use super::{battery, readings::Readings};
use slm_protocol::{
    battery::{celsius, volts},
    degrees::{Part, Unit, unit_beside},
};
use std::{
    collections::HashSet,
    env,
    io::Read,
    path::PathBuf,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of an answer that are read.
const MAX_ANSWER: u64 = 1 << 20;
const MAX_TEMPERATURES: usize = 32;

/// The `dumpsys` command, where there is one.
pub(super) struct Android {
    dumpsys: Option<PathBuf>,
}

impl Android {
    pub(super) fn discover() -> Self {
        let path = env::var_os("PATH").unwrap_or_default();
        Self {
            dumpsys: env::split_paths(&path).map(|folder| folder.join("dumpsys")).find(|file| file.is_file()),
        }
    }

    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self { dumpsys: None }
    }

    /// Sensors of the thermal service that are left out, and why.
    pub(super) fn left_out(&mut self) -> Vec<String> {
        let name = |left: String| format!("thermalservice-{left}");
        self.ask("thermalservice")
            .map_or_else(Vec::new, |text| thermal(&text).left_out.into_iter().map(name).collect())
    }

    /// Reads both services. What the kernel said of the battery is not said again.
    pub(super) fn read(&mut self, kernel_has_battery: bool, readings: &mut Readings) {
        if let Some(text) = self.ask("thermalservice") {
            readings.stamp();
            let thermal = thermal(&text);
            readings.push("thermal-status", thermal.status.map(f64::from), "code");
            for (name, degrees) in thermal.temperatures {
                readings.push(&format!("thermalservice-{name}"), Some(degrees), "C");
            }
        }
        if let Some(text) = self.ask("battery") {
            readings.stamp();
            let battery = dumped_battery(&text);
            readings.push(
                "battery-plugged",
                battery.plugged.map(|plugged| f64::from(u8::from(plugged))),
                "code",
            );
            if !kernel_has_battery {
                readings.push("battery-voltage", battery.voltage, "V");
                readings.push("battery-temperature", battery.temperature, "C");
                readings.push("battery-status", battery.status.map(f64::from), "code");
                readings.push("battery-level", battery.level, "%");
            }
        }
    }

    fn ask(&mut self, service: &str) -> Option<String> {
        let mut command = Command::new(self.dumpsys.as_ref()?);
        command.arg(service).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let stdout = child.stdout.take()?;
        let (sender, answer) = mpsc::channel();
        let reader = thread::Builder::new().spawn(move || {
            let mut bytes = Vec::new();
            let read = stdout.take(MAX_ANSWER).read_to_end(&mut bytes);
            // Nobody waits any more when it took too long.
            let _ = sender.send(read.map(|_| String::from_utf8_lossy(&bytes).into_owned()));
        });
        let answer = reader.ok().and_then(|_| answer.recv_timeout(PATIENCE).ok());
        if answer.is_none() {
            self.dumpsys = None;
        }
        let _ = child.kill();
        let _ = child.wait();
        answer?.ok()
    }
}

#[derive(Debug, Default, PartialEq)]
pub(super) struct Thermal {
    /// 0 none, 1 light, 2 moderate, 3 severe, 4 critical, 5 emergency, 6 shutdown.
    status: Option<u8>,
    pub(super) temperatures: Vec<(String, f64)>,
    /// Sensors left out, and why.
    pub(super) left_out: Vec<String>,
}

/// A sensor of the thermal service, as it is printed.
struct Sensor<'a> {
    name: &'a str,
    /// `TemperatureType` of Android's thermal HAL.
    kind: Option<i32>,
    raw: Option<f64>,
}

/// `Thermal Status: N`, and lines `Temperature{mValue=31.5, mType=2, mName=battery,
/// mStatus=0}` below headings: those of `Current temperatures from HAL:` are live; below
/// `Cached temperatures:` are those of the last event, which may be days old.
pub(super) fn thermal(text: &str) -> Thermal {
    let mut found = Thermal::default();
    let mut headings: Vec<(&str, Vec<Sensor<'_>>)> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(status) = line.strip_prefix("Thermal Status:") {
            found.status = status.trim().parse().ok().filter(|status| *status <= 6);
        } else if let Some(inner) = line.strip_prefix("Temperature{") {
            if let (Some((_, sensors)), Some(sensor)) = (headings.last_mut(), sensor(inner)) {
                sensors.push(sensor);
            }
        } else if line.ends_with(':') {
            headings.push((line, Vec::new()));
        }
    }
    let block = |heading: &str| {
        headings.iter().find(|(line, sensors)| line.starts_with(heading) && !sensors.is_empty())
    };
    if let Some((_, sensors)) = block("Current temperatures").or_else(|| block("Cached temperatures")) {
        judge(sensors, &mut found);
    }
    found
}

/// `mValue=31.5, mType=2, mName=battery, mStatus=0}`
fn sensor(inner: &str) -> Option<Sensor<'_>> {
    let field = |name: &str| {
        let fields = inner.trim_end_matches('}').split(',');
        fields
            .filter_map(|field| field.split_once('='))
            .find(|(key, _)| key.trim() == name)
            .map(|(_, v)| v.trim())
    };
    Some(Sensor {
        name: field("mName").filter(|name| !name.is_empty())?,
        kind: field("mType").and_then(|kind| kind.parse().ok()),
        raw: field("mValue").and_then(|value| value.parse().ok()),
    })
}

/// Sorts the sensors of a block into temperatures and what is left out.
fn judge(sensors: &[Sensor<'_>], found: &mut Thermal) {
    let first = |sensor: &Sensor<'_>| {
        let raw = sensor.raw?;
        let unit = Unit::of(raw, part_of(sensor.kind)?)?;
        Some((unit, unit.degrees(raw)?))
    };
    let read: Vec<Option<(Unit, f64)>> = sensors.iter().map(first).collect();
    let mut names = HashSet::new();
    for (index, sensor) in sensors.iter().enumerate() {
        if !names.insert(sensor.name) {
            continue;
        }
        let others = read.iter().enumerate().filter(|(other, _)| *other != index);
        let others: Vec<(Unit, f64)> = others.filter_map(|(_, read)| *read).collect();
        let degrees = read[index]
            .zip(sensor.raw)
            .and_then(|((unit, _), raw)| unit_beside(raw, unit, &others)?.degrees(raw));
        match degrees {
            Some(degrees) if found.temperatures.len() < MAX_TEMPERATURES => {
                found.temperatures.push((sensor.name.to_owned(), degrees));
            }
            Some(_) => found.left_out.push(format!("{} (one too many)", sensor.name)),
            None => found.left_out.push(format!(
                "{} ({})",
                sensor.name,
                why_left_out(sensor, read[index].is_some())
            )),
        }
    }
}

/// What a type of the HAL measures; `None` where that is no temperature, or may be in any
/// unit. Types: `hardware/interfaces/thermal/aidl/android/hardware/thermal/TemperatureType.aidl`.
fn part_of(kind: Option<i32>) -> Option<Part> {
    match kind? {
        // Battery and skin.
        2 | 3 => Some(Part::Outer),
        0 | 1 | 4 | 5 | 9..=19 => Some(Part::Inner),
        // Unknown, voltage, current and share of charge of the battery.
        _ => None,
    }
}

fn why_left_out(sensor: &Sensor<'_>, is_possible: bool) -> String {
    match (sensor.kind, sensor.raw) {
        (Some(6), _) => "a voltage".to_owned(),
        (Some(7), _) => "a current".to_owned(),
        (Some(8), _) => "a share of charge".to_owned(),
        (kind, _) if part_of(kind).is_none() => "of unknown type".to_owned(),
        (_, Some(_)) if is_possible => "degrees or tenths".to_owned(),
        (_, Some(raw)) => format!("gives {raw}"),
        (_, None) => "gives no number".to_owned(),
    }
}

#[derive(Debug, Default, PartialEq)]
pub(super) struct Dumped {
    plugged: Option<bool>,
    status: Option<u8>,
    pub(super) level: Option<f64>,
    pub(super) temperature: Option<f64>,
    pub(super) voltage: Option<f64>,
}

/// Lines of `name: value`, as `dumpsys battery` prints them.
pub(super) fn dumped_battery(text: &str) -> Dumped {
    let mut found = Dumped::default();
    let mut seen = HashSet::new();
    for (name, value) in text.lines().filter_map(|line| line.trim().split_once(':')) {
        let value = value.trim();
        let number = || value.parse::<f64>().ok().filter(|number| number.is_finite());
        // Android's own lines come first; makers add theirs behind them, some by the same names.
        if !seen.insert(name) {
            continue;
        }
        match name {
            "AC powered" | "USB powered" | "Wireless powered" | "Dock powered" => {
                let powered = value.parse::<bool>().ok();
                found.plugged =
                    powered.map(|powered| powered || found.plugged == Some(true)).or(found.plugged);
            }
            "status" => {
                found.status = value.parse().ok().filter(|code| (battery::UNKNOWN..=5).contains(code));
            }
            "level" => found.level = number().filter(|level| (0.0..=100.0).contains(level)),
            "temperature" => found.temperature = number().and_then(celsius),
            "voltage" => found.voltage = number().and_then(volts),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const THERMAL: &str = "\
IsStatusOverride: false
ThermalEventListeners:
	callbacks: 1
Thermal Status: 2
Cached temperatures:
	Temperature{mValue=46.2, mType=0, mName=AP, mStatus=0}
	Temperature{mValue=38.1, mType=2, mName=BAT, mStatus=0}
	Temperature{mValue=38.1, mType=2, mName=BAT, mStatus=0}
	Temperature{mValue=NaN, mType=3, mName=SKIN, mStatus=2}
HAL Ready: true
HAL connection:
	ThermalHAL 2.0 connected: yes
Current temperatures from HAL:
	Temperature{mValue=50.0, mType=0, mName=AP, mStatus=0}
";

    #[test]
    fn the_live_block_counts_and_the_cached_one_where_there_is_none() {
        let found = thermal(THERMAL);
        assert_eq!((found.status, found.temperatures), (Some(2), vec![("AP".to_owned(), 50.0)]));
        let cached = THERMAL.replace("\tTemperature{mValue=50", "\tX{");
        let found = thermal(&cached);
        assert_eq!(found.temperatures, [("AP".to_owned(), 46.2), ("BAT".to_owned(), 38.1)]);
        assert_eq!(found.left_out, ["SKIN (gives NaN)"]);
        assert_eq!(thermal("Can't find service: thermalservice\n"), Thermal::default());
        assert_eq!(thermal("Thermal Status: 9").status, None);
    }

    fn live(sensors: &[(f64, i32, &str)]) -> Thermal {
        let line = |(value, kind, name): &(f64, i32, &str)| {
            format!("\tTemperature{{mValue={value:?}, mType={kind}, mName={name}, mStatus=0}}\n")
        };
        thermal(&format!("Current temperatures from HAL:\n{}", sensors.iter().map(line).collect::<String>()))
    }

    #[test]
    fn only_temperatures_are_temperatures_whatever_their_unit() {
        let found = live(&[
            (11.0, 8, "socd"),
            (4.285, 6, "vbat"),
            (1200.0, 7, "ibat"),
            (24.8, -1, "virtual"),
            (33.1, 3, "skin"),
        ]);
        assert_eq!(found.temperatures, [("skin".to_owned(), 33.1)]);
        assert_eq!(
            found.left_out,
            ["socd (a share of charge)", "vbat (a voltage)", "ibat (a current)", "virtual (of unknown type)"]
        );
        let found = live(&[(41_500.0, 0, "CPU"), (28_100.0, 2, "BAT")]);
        assert_eq!(found.temperatures, [("CPU".to_owned(), 41.5), ("BAT".to_owned(), 28.1)]);
        let found = live(&[(995.0, 0, "CPU"), (1005.0, 0, "CPU2"), (45.0, 1, "GPU"), (0.0, 4, "USB")]);
        assert_eq!(found.temperatures, [("CPU".to_owned(), 99.5), ("CPU2".to_owned(), 100.5)]);
        assert_eq!(found.left_out, ["GPU (degrees or tenths)", "USB (gives 0)"]);
    }

    #[test]
    fn the_batterys_lines_are_found() {
        let text = "Current Battery Service state:\n  AC powered: false\n  USB powered: true\n  Wireless powered: false\n  \
                    Max charging current: 500000\n  status: 2\n  health: 2\n  present: true\n  level: 87\n  scale: 100\n  \
                    voltage: 4211\n  temperature: 312\n  technology: Li-ion\n";
        let expected = Dumped {
            plugged: Some(true),
            status: Some(2),
            level: Some(87.0),
            temperature: Some(31.2),
            voltage: Some(4.211),
        };
        assert_eq!(dumped_battery(text), expected);
        assert_eq!(dumped_battery("  AC powered: false\n  USB powered: false\n").plugged, Some(false));
        assert_eq!(dumped_battery(""), Dumped::default());
    }

    #[test]
    fn a_command_that_hangs_is_asked_once_only() {
        let folder = tempfile::tempdir().unwrap();
        let dumpsys = folder.path().join("dumpsys");
        std::fs::write(&dumpsys, "#!/bin/sh\nexec sleep 60\n").unwrap();
        std::fs::set_permissions(&dumpsys, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let mut android = Android { dumpsys: Some(dumpsys) };
        let start = std::time::Instant::now();
        android.read(false, &mut Readings::new("t"));
        android.read(false, &mut Readings::new("t"));
        assert!(start.elapsed() < PATIENCE + Duration::from_secs(2), "{:?}", start.elapsed());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parsers_panic(text in "(Temperature\\{|mValue=|mName=|[0-9.,=}: \n-]|Cached temperatures:|level:|a){0,60}") {
            let found = thermal(&text);
            prop_assert!(found.temperatures.iter().all(|(_, degrees)| (-30.0..=150.0).contains(degrees)));
            let _ = dumped_battery(&text);
        }

        #[test]
        fn any_temperature_written_as_android_does_is_found(tenths in 1i32..900, name in "[A-Za-z0-9_-]{1,12}") {
            let degrees = f64::from(tenths) / 10.0;
            let text = format!("Cached temperatures:\n\tTemperature{{mValue={degrees}, mType=3, mName={name}, mStatus=0}}\n");
            let unit = Unit::of(degrees, Part::Outer).unwrap();
            prop_assert_eq!(thermal(&text).temperatures, [(name, unit.degrees(degrees).unwrap())]);
        }
    }
}
