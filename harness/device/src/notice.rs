//! What the user should know while devices are worked with. Libraries only tell; the command
//! line shows.

use crate::agents::BuildStep;
use slm_provision::Event;
use std::{sync::Arc, time::Duration};

/// Something worth telling, of one device.
#[derive(Clone, Debug)]
pub enum Notice<'a> {
    /// A synthetic model is made on this machine.
    Provision(Event<'a>),
    /// An agent for the device is built, which takes minutes.
    AgentBuild(BuildStep),
    /// A model is sent to the device.
    Sending {
        /// Its name.
        model: &'a str,
        /// What is missing there, bytes.
        bytes: u64,
        /// In so many files.
        files: usize,
    },
    /// A synthetic model is made on the device.
    MakingThere {
        /// Its name.
        model: &'a str,
        /// Size of its file.
        bytes: u64,
    },
    /// The device cannot be reached; it is tried again.
    Away {
        /// What was seen.
        error: String,
        /// For so long.
        patience: Duration,
    },
    /// The device answers and its agent does not.
    AgentSilent {
        /// How long by now.
        lasts: Duration,
        /// The process's state.
        state: &'a str,
    },
    /// A setting could not be put back, or could not be changed again.
    SettingsLost(String),
}

/// Whoever is told: the device's name and what there is to tell. Called from the threads of
/// several devices.
pub type Notify = Arc<dyn Fn(&str, Notice<'_>) + Send + Sync>;

/// Tells nobody.
#[cfg(test)]
pub(crate) fn nobody() -> Notify {
    Arc::new(|_, _| {})
}
