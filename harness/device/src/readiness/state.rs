//! A phone's state.

use serde::{Deserialize, Serialize};
use slm_results::schema::ThermalStatus;

/// A phone's state at one moment, `None` where it is unknown. Recorded before and after a
/// sweep.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PhoneState {
    /// The phone's clock, seconds since the Unix epoch.
    pub clock_unix_s: Option<u64>,
    /// Time since it started, seconds.
    pub uptime_s: Option<f64>,
    /// Changes with every start of the phone.
    pub boot_id: Option<String>,
    /// Battery level, per cent.
    pub battery_percent: Option<f64>,
    /// Where its power comes from.
    pub power_source: Option<PowerSource>,
    /// Whether the battery is charging or full; `false` also where it is plugged in and does
    /// not charge.
    pub charging: Option<bool>,
    /// Battery temperature, °C.
    pub battery_temp_c: Option<f64>,
    /// Battery voltage, V.
    pub battery_voltage_v: Option<f64>,
    /// Whether the battery's values were set by hand (`dumpsys battery set`).
    pub battery_values_forced: Option<bool>,
    /// Android's thermal status.
    pub thermal_status: Option<ThermalStatus>,
    /// The highest temperature of the sensors of type skin, °C.
    pub skin_temp_c: Option<f64>,
    /// The highest temperature of the sensors of type CPU, °C.
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
    /// Sources of power at which the screen stays on.
    pub stay_awake: Option<StayAwake>,
    /// Names of the settings that an earlier sweep changed and did not restore.
    pub left_changed: Vec<String>,
}

/// Android's setting of whether the screen stays on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StayAwake {
    /// It was never set, which is not the same as a phone that does not tell.
    NeverSet,
    /// Sources of power at which it does, as a bit mask.
    #[serde(untagged)]
    At(u8),
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
