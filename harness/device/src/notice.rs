//! What the user should know while work on devices goes on. Libraries only report it; the
//! command line shows it.

use crate::agents::BuildStep;
use slm_provision::Event;
use std::{sync::Arc, time::Duration};

/// Something that the user should know about one device.
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
        /// What the device lacks of it, bytes.
        bytes: u64,
        /// The number of files.
        files: usize,
    },
    /// A file that takes long is being sent.
    SendProgress {
        /// Sent so far, bytes.
        sent: u64,
        /// Size of the file, bytes.
        bytes: u64,
    },
    /// A synthetic model is made on the device.
    MakingOnDevice {
        /// Its name.
        model: &'a str,
        /// Size of its file.
        bytes: u64,
    },
    /// The device cannot be reached; requests are retried.
    Unreachable {
        /// The link's error.
        error: String,
        /// How long they are retried.
        patience: Duration,
    },
    /// The device's disk is full; space is waited for.
    DiskFull {
        /// What is lacking.
        error: String,
        /// How long it is waited for.
        patience: Duration,
    },
    /// A file on the device, by its path there, is not what was put there. It is put there
    /// again.
    Damaged(&'a str),
    /// Agents that no run knew of were at work on the device, and were ended.
    StraysEnded(usize),
    /// The device answers and its agent does not.
    AgentUnresponsive {
        /// Time since its last output.
        duration: Duration,
        /// The process's state in the kernel's words.
        process_state: &'a str,
    },
    /// A setting could not be restored, or could not be changed again.
    SettingsNotRestored(String),
}

/// Called with a device's name and a notice, from the threads of several devices.
pub type Notify = Arc<dyn Fn(&str, Notice<'_>) + Send + Sync>;

/// Drops every notice.
#[cfg(test)]
pub(crate) fn no_notices() -> Notify {
    Arc::new(|_, _| {})
}
