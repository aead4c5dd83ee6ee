//! The settings that a sweep may change.

use super::{PhoneState, StayAwake};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// A setting that a sweep may change. Its name is that of the option (after `--`) and that in
/// the record on the phone.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, EnumString, VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum Setting {
    /// Clocks that the phone can sustain, rather than the highest (Android 11+). Android does
    /// not say whether it was on. It is off after a restart, so it is restored to off.
    FixedPerformance,
    /// No radio: fewer interruptions (Android 11+).
    AirplaneMode,
    /// The screen stays on while plugged in, so that the phone does not sleep.
    StayAwake,
}

impl Setting {
    /// Whether the phone then stays below its highest clocks.
    pub fn lowers_clocks(self) -> bool {
        self == Self::FixedPerformance
    }

    /// The command that changes it.
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::FixedPerformance => "cmd power set-fixed-performance-mode-enabled true",
            Self::AirplaneMode => "cmd connectivity airplane-mode enable",
            Self::StayAwake => "svc power stayon true",
        }
    }

    /// The command that succeeds if the change has taken effect. For fixed performance there
    /// is only the status of [`Setting::command`].
    pub(super) fn check(self) -> &'static str {
        match self {
            Self::FixedPerformance => "true",
            Self::AirplaneMode => "[ \"$(ask settings get global airplane_mode_on)\" = 1 ]",
            Self::StayAwake => "[ \"$(ask settings get global stay_on_while_plugged_in)\" -gt 0 ]",
        }
    }

    /// The value before a change, as the record has it; `None` where the phone does not say.
    pub(super) fn before(self, state: &PhoneState) -> Option<String> {
        match self {
            Self::FixedPerformance => Some("off".into()),
            Self::AirplaneMode => state.airplane_mode.map(|on| u8::from(on).to_string()),
            Self::StayAwake => state.stay_awake.map(|setting| match setting {
                StayAwake::NeverSet => "null".to_owned(),
                StayAwake::At(mask) => mask.to_string(),
            }),
        }
    }
}
