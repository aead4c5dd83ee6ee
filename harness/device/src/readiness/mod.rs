//! The state of a phone before and after a sweep, whether it can be measured so, and the
//! settings that a sweep may change and must restore.

mod change;
mod check;
mod lease;
mod parse;
mod prepare;
mod read;
#[expect(missing_docs, reason = "of the method into_str, which strum derives")]
mod setting;
mod state;
#[cfg(test)]
mod tests;

use change::values_before;
pub use change::{
    ChangedSettings, LeaseStatus, SettingsLeft, Unrestorable, change, is_wireless, renew, restore,
};
pub use check::{Needs, admit, findings};
pub use lease::Lease;
pub use prepare::{PhonePreparation, PrepareRequest, check, finish, prepare};
pub use setting::Setting;
pub use state::{PhoneState, PowerSource, StayAwake};
