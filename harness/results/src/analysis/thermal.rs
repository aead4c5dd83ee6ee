//! Android's thermal status.

use serde::{Deserialize, Serialize};

/// Android's thermal status (`android.os.PowerManager.THERMAL_STATUS_…`, Android 10+).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThermalStatus {
    /// Not throttled.
    None,
    /// Throttled lightly, unnoticed by most.
    Light,
    /// Throttled.
    Moderate,
    /// Throttled heavily.
    Severe,
    /// All that can be has been done.
    Critical,
    /// Parts are being shut down.
    Emergency,
    /// About to shut down.
    Shutdown,
}

impl ThermalStatus {
    const ALL: [Self; 7] = [
        Self::None,
        Self::Light,
        Self::Moderate,
        Self::Severe,
        Self::Critical,
        Self::Emergency,
        Self::Shutdown,
    ];

    /// The name used in every file, table and message.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Light => "light",
            Self::Moderate => "moderate",
            Self::Severe => "severe",
            Self::Critical => "critical",
            Self::Emergency => "emergency",
            Self::Shutdown => "shutdown",
        }
    }

    /// The status of a number, as the service prints it.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The same of a sensor's reading.
    pub fn from_reading(value: f64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .zip(0u8..)
            .find(|&(_, number)| (f64::from(number) - value).abs() < 0.5)
            .map(|(status, _)| status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_readings_and_names_are_those_of_android() {
        for (number, status) in (0u8..).zip(ThermalStatus::ALL) {
            assert_eq!(ThermalStatus::from_number(number), Some(status));
            assert_eq!(ThermalStatus::from_reading(f64::from(number)), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
        assert_eq!((ThermalStatus::from_number(7), ThermalStatus::from_reading(-1.0)), (None, None));
        assert!(ThermalStatus::ALL.is_sorted() && ThermalStatus::from_reading(f64::NAN).is_none());
    }
}
