//! What devices are opened with.

use crate::{Notify, adb::ServerAddress, profile::Profiles};
use slm_plan::interrupt::Interrupt;
use slm_protocol::EngineKind;

/// What every kind of device may need to be opened.
#[derive(Clone)]
pub struct OpenOptions<'a> {
    /// The adb server, where one was asked for.
    pub adb_server: Option<&'a ServerAddress>,
    /// Phones known by name.
    pub profiles: &'a Profiles,
    /// The engines that the device's agent must have.
    pub engines: &'a [EngineKind],
    /// Called with what the user should know.
    pub notify: Notify,
    /// The user's wish to stop: then nothing is waited for any more.
    pub interrupt: Interrupt,
}
