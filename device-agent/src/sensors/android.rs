//! What Android's services say: `dumpsys thermalservice` and `dumpsys battery`. They
//! take tens of milliseconds of another process, so they are asked before and after
//! a trial only, and never again once one of them hung.

use super::{
    battery::{self, tenths, volts},
    readings::Readings,
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
struct Thermal {
    /// 0 none, 1 light, 2 moderate, 3 severe, 4 critical, 5 emergency, 6 shutdown.
    status: Option<u8>,
    temperatures: Vec<(String, f64)>,
}

/// `Thermal Status: N`, and lines `Temperature{mValue=31.5, mType=2, mName=battery,
/// mStatus=0}` that stand below `Cached temperatures:`, or below another heading
/// where that one has none.
fn thermal(text: &str) -> Thermal {
    let mut found = Thermal::default();
    let mut headings: Vec<(bool, Vec<(String, f64)>)> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(status) = line.strip_prefix("Thermal Status:") {
            found.status = status.trim().parse().ok().filter(|status| *status <= 6);
        } else if let Some(inner) = line.strip_prefix("Temperature{") {
            if let (Some((_, readings)), Some(reading)) = (headings.last_mut(), temperature(inner)) {
                readings.push(reading);
            }
        } else if line.ends_with(':') {
            headings.push((line.starts_with("Cached temperatures"), Vec::new()));
        }
    }
    let with_readings = || headings.iter().filter(|(_, readings)| !readings.is_empty());
    let cached = with_readings().find(|(cached, _)| *cached).or_else(|| with_readings().next());
    if let Some((_, readings)) = cached {
        let mut names = HashSet::new();
        let fresh = readings.iter().filter(|(name, _)| names.insert(name.as_str()));
        found.temperatures = fresh.take(MAX_TEMPERATURES).cloned().collect();
    }
    found
}

/// `mValue=31.5, mType=2, mName=battery, mStatus=0}`
fn temperature(inner: &str) -> Option<(String, f64)> {
    let field = |name: &str| {
        let fields = inner.trim_end_matches('}').split(',');
        fields
            .filter_map(|field| field.split_once('='))
            .find(|(key, _)| key.trim() == name)
            .map(|(_, v)| v.trim())
    };
    let degrees: f64 = field("mValue")?.parse().ok()?;
    let name = field("mName").filter(|name| !name.is_empty())?;
    (degrees != 0.0 && (-40.0..=150.0).contains(&degrees)).then(|| (name.to_owned(), degrees))
}

#[derive(Debug, Default, PartialEq)]
struct Dumped {
    plugged: Option<bool>,
    status: Option<u8>,
    level: Option<f64>,
    temperature: Option<f64>,
    voltage: Option<f64>,
}

/// Lines of `name: value`, as `dumpsys battery` prints them.
fn dumped_battery(text: &str) -> Dumped {
    let mut found = Dumped::default();
    for (name, value) in text.lines().filter_map(|line| line.trim().split_once(':')) {
        let value = value.trim();
        let number = || value.parse::<f64>().ok().filter(|number| number.is_finite());
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
            "temperature" => found.temperature = number().and_then(tenths),
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
    fn status_and_cached_temperatures_are_found() {
        let expected = vec![("AP".to_owned(), 46.2), ("BAT".to_owned(), 38.1)];
        assert_eq!(thermal(THERMAL), Thermal { status: Some(2), temperatures: expected });
        let uncached = THERMAL
            .replace("Cached temperatures:\n\tTemperature{mValue=46.2", "Cached temperatures:\nX{")
            .replace("\tTemperature{mValue=38", "\tX{");
        assert_eq!(thermal(&uncached).temperatures, [("AP".to_owned(), 50.0)]);
        assert_eq!(thermal("Can't find service: thermalservice\n"), Thermal::default());
        assert_eq!(thermal("Thermal Status: 9").status, None);
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
            prop_assert!(found.temperatures.iter().all(|(_, degrees)| (-40.0..=150.0).contains(degrees)));
            let _ = dumped_battery(&text);
        }

        #[test]
        fn any_temperature_written_as_android_does_is_found(tenths in 1i32..1000, name in "[A-Za-z0-9_-]{1,12}") {
            let degrees = f64::from(tenths) / 10.0;
            let text = format!("Cached temperatures:\n\tTemperature{{mValue={degrees}, mType=3, mName={name}, mStatus=0}}\n");
            prop_assert_eq!(thermal(&text).temperatures, [(name, degrees)]);
        }
    }
}
