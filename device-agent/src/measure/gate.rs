//! Waits before a trial until the device is as cool as it has to be.

use super::clock;
use crate::{host::signals, sensors::Thermometer};
use slm_protocol::{CoolDown, CoolDownReport};
use std::time::{Duration, Instant};

/// Looking more often would keep the device awake, and warm.
const POLL: Duration = Duration::from_secs(1);

/// The gate of a run; shut while the hottest sensor of CPU, SoC and battery is too hot.
pub(crate) struct Gate {
    thermometer: Thermometer,
    limit_c: f64,
    timeout: Duration,
}

impl Gate {
    /// `start_c` is the temperature when the agent started. `None`: no sensor gives
    /// one, so that there is no gate.
    pub(crate) fn new(asked: &CoolDown, start_c: Option<f64>, thermometer: Thermometer) -> Option<Self> {
        thermometer.hottest()?;
        let limit_c = asked.to_c.or_else(|| start_c.map(|start| start + CoolDown::TOLERANCE_C))?;
        Some(Self { thermometer, limit_c, timeout: Duration::from_millis(asked.timeout_ms) })
    }

    /// Waits, if it has to; a signal ends the wait. What it reports has passed already.
    pub(crate) fn wait(&self, trial_id: &str) -> Option<CoolDownReport> {
        let start = Instant::now();
        let (from_c, _) = self.thermometer.hottest()?;
        if from_c <= self.limit_c {
            return None;
        }
        loop {
            let left = self.timeout.saturating_sub(start.elapsed());
            signals::sleep(left.min(POLL));
            // A sensor that went away cannot hold the trials up.
            let (now_c, sensor) = self.thermometer.hottest()?;
            let reached = now_c <= self.limit_c;
            if reached || signals::interrupted() || start.elapsed() >= self.timeout {
                return Some(CoolDownReport {
                    trial_id: trial_id.to_owned(),
                    waited_ms: clock::duration_ns(start.elapsed()) / 1_000_000,
                    from_c,
                    to_c: now_c,
                    limit_c: self.limit_c,
                    sensor: sensor.to_owned(),
                    reached,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::Path, thread};

    fn plant(sys: &Path, millidegrees: &str) {
        let zone = sys.join("class/thermal/thermal_zone0");
        fs::create_dir_all(&zone).unwrap();
        fs::write(zone.join("type"), "cpu-0-0-usr\n").unwrap();
        fs::write(zone.join("temp"), format!("{millidegrees}\n")).unwrap();
    }

    fn gate(sys: &Path, to_c: Option<f64>, start_c: Option<f64>, timeout_ms: u64) -> Option<Gate> {
        Gate::new(&CoolDown { to_c, timeout_ms }, start_c, Thermometer::under(sys))
    }

    #[test]
    fn a_cool_device_is_let_through_and_a_hot_one_at_the_time_out() {
        let sys = tempfile::tempdir().unwrap();
        plant(sys.path(), "35900");
        assert_eq!(gate(sys.path(), None, Some(35.0), 60_000).unwrap().wait("t1"), None);
        plant(sys.path(), "36100");
        let report = gate(sys.path(), None, Some(35.0), 200).unwrap().wait("t1").unwrap();
        assert!(!report.reached && report.waited_ms >= 200 && report.waited_ms < 2_000, "{report:?}");
        assert_eq!((report.from_c, report.to_c, report.limit_c), (36.1, 36.1, 36.0));
        assert_eq!(report.sensor, "thermal-cpu-0-0-usr");
    }

    #[test]
    fn a_device_that_cools_down_is_let_through_then() {
        let sys = tempfile::tempdir().unwrap();
        plant(sys.path(), "48000");
        let gate = gate(sys.path(), Some(40.0), None, 60_000).unwrap();
        let folder = sys.path().to_owned();
        let cooling = thread::spawn(move || {
            thread::sleep(Duration::from_millis(300));
            plant(&folder, "39000");
        });
        let report = gate.wait("t1").unwrap();
        cooling.join().unwrap();
        assert!(report.reached && report.waited_ms < 5_000, "{report:?}");
        assert_eq!((report.from_c, report.to_c), (48.0, 39.0));
    }

    #[test]
    fn without_sensors_there_is_no_gate() {
        let sys = tempfile::tempdir().unwrap();
        assert!(gate(sys.path(), Some(30.0), Some(30.0), 1000).is_none());
    }
}
