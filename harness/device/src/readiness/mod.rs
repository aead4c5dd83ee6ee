//! The state of a phone before and after a sweep, whether it can be measured so, and
//! the settings that a sweep may change and must put back.

mod check;
mod lease;
mod parse;
mod prepare;
mod settings;
#[cfg(test)]
mod tests;

pub use check::{Needs, admit, check};
pub use lease::Lease;
pub use prepare::{PhonePreparation, PrepareRequest, finish, prepare};
pub use settings::{Changed, Renewal, Setting, change, is_wireless, renew, restore};

use crate::{LinkError, Shell, quote};
use serde::{Deserialize, Serialize};
use slm_results::schema::ThermalStatus;
use std::time::Duration;

/// Several system services are asked, each given 8 s at most.
const PATIENCE: Duration = Duration::from_mins(1);
const READ: &str = include_str!("read.sh");

/// A phone's state at one moment, `None` where the phone did not tell. Recorded before
/// and after a sweep.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Readiness {
    /// The phone's own clock, seconds since the Unix epoch.
    pub clock_unix_s: Option<u64>,
    /// Time since it started, seconds.
    pub uptime_s: Option<f64>,
    /// Changes with every start of the phone.
    pub boot_id: Option<String>,
    /// Battery level, per cent.
    pub battery_percent: Option<f64>,
    /// Where its power comes from.
    pub power_source: Option<PowerSource>,
    /// Whether the battery takes charge or is full; `false` also where it is plugged
    /// in and does not.
    pub charging: Option<bool>,
    /// Battery temperature, °C.
    pub battery_temp_c: Option<f64>,
    /// Battery voltage, V.
    pub battery_voltage_v: Option<f64>,
    /// Somebody has frozen what the phone says of its battery (`dumpsys battery set`).
    pub battery_values_forced: Option<bool>,
    /// Android's thermal status.
    pub thermal_status: Option<ThermalStatus>,
    /// Temperature of the skin, the highest of such sensors, °C.
    pub skin_temp_c: Option<f64>,
    /// Temperature of the CPU, the highest of such sensors, °C.
    pub cpu_temp_c: Option<f64>,
    /// All memory, bytes.
    pub memory_total: Option<u64>,
    /// Memory available for new work, bytes.
    pub memory_available: Option<u64>,
    /// Processes that the kernel has killed for want of memory since the start.
    pub oom_kills: Option<u64>,
    /// Space left where models go, bytes.
    pub space_free: Option<u64>,
    /// Whether the screen is on.
    pub screen_on: Option<bool>,
    /// `mWakefulness` of the power service: `Awake`, `Asleep`, `Dozing`…
    pub wakefulness: Option<String>,
    /// Deep doze: `ACTIVE`, `IDLE`…
    pub doze_deep: Option<String>,
    /// Light doze.
    pub doze_light: Option<String>,
    /// Whether battery saver is on: it lowers the clocks.
    pub battery_saver: Option<bool>,
    /// Whether airplane mode is on.
    pub airplane_mode: Option<bool>,
    /// Sources of power at which the screen stays on, as Android's bit mask.
    pub stay_awake: Option<u8>,
    /// Settings that an earlier sweep changed and has not put back: names.
    pub left_changed: Vec<String>,
}

/// Where a phone's power comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PowerSource {
    /// Its battery alone.
    Battery,
    /// A charger.
    Charger,
    /// A USB host.
    Usb,
    /// A charging pad.
    Wireless,
    /// A dock.
    Dock,
}

impl Readiness {
    /// Asks the phone, in one round trip. `root` is the folder that bench uses there.
    ///
    /// # Errors
    /// The link's; an answer that was cut short is [`LinkError::Refused`].
    pub fn read(shell: &dyn Shell, root: &str) -> Result<Self, LinkError> {
        let output = shell.run(&format!("dir={}\n{READ}", quote(root)), PATIENCE)?;
        parse::parse(&output.text()).ok_or_else(|| LinkError::Refused {
            serial: "the phone".into(),
            why: format!("its state came cut short (status {})", output.code),
        })
    }
}
