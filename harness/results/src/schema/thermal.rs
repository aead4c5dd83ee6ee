//! Android's thermal status.

use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// Android's thermal status (`android.os.PowerManager.THERMAL_STATUS_…`, Android 10+).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
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
    /// The status of a number, as the service prints it.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::VARIANTS.get(usize::from(number)).copied()
    }

    /// The same of a sensor's reading.
    pub fn from_reading(value: f64) -> Option<Self> {
        let mut all = Self::VARIANTS.iter().copied().zip(0u8..);
        all.find(|&(_, number)| (f64::from(number) - value).abs() < 0.5).map(|(status, _)| status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_readings_are_those_of_android() {
        for (number, status) in (0u8..).zip(ThermalStatus::VARIANTS.iter().copied()) {
            assert_eq!(ThermalStatus::from_number(number), Some(status));
            assert_eq!(ThermalStatus::from_reading(f64::from(number)), Some(status));
        }
        assert_eq!((ThermalStatus::from_number(7), ThermalStatus::from_reading(-1.0)), (None, None));
        assert!(ThermalStatus::VARIANTS.is_sorted() && ThermalStatus::from_reading(f64::NAN).is_none());
    }
}
