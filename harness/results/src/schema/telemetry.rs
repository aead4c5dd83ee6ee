//! `telemetry.csv`.

use super::{
    row::{Check, table},
    time::UtcTime,
};

table! {
    /// A row for each reading of a sensor.
    pub struct TelemetryRow in "telemetry" {
        /// When the sensor was read
        pub time: UtcTime,
        /// The trial that it belongs to; empty outside trials
        pub trial_id: Option<String>,
        /// Device by name
        pub device: String,
        /// The sensor
        pub sensor: String,
        /// The reading, in `unit`
        pub value: f64,
        /// `MHz`, `C`, `B`…; `code`: a number that stands for a state
        pub unit: String,
    }
}

impl Check for TelemetryRow {}
