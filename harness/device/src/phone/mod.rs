//! A phone as a device: its agent and models under one folder, its runs detached.

mod agent;
mod content;
mod device;
mod disk;
mod error;
mod evidence;
mod file_set;
mod find;
mod job_file;
mod journal;
mod lease_renewal;
mod lock;
mod made_model;
mod names;
mod remote_file;
mod retrying_link;
mod run;
mod scripts;
mod space;
mod stage;
mod stage_compiled;
mod timeouts;
mod unresponsive;

#[cfg(test)]
mod tests;

pub(crate) use find::open;

pub use crate::readiness::SettingsLeft;
pub use device::Phone;
pub use find::{FoundPhone, adb_server, find, list, ready_names};
pub use names::ROOT;
pub use space::{Usage, clean, restore_settings, usage};
