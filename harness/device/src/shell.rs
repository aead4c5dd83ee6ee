//! Shell commands on a device, however it is reached.

use slm_plan::text::bytes;
use std::time::Duration;
use thiserror::Error;

/// A command that ran to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellOutput {
    /// Exit status, 0 to 255; from 128 up mostly a signal.
    pub code: u8,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl ShellOutput {
    /// Standard output as text, invalid UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

/// Why a device did not do what it was asked.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LinkError {
    /// Nothing listens where the adb server should be.
    #[error("no adb server at {address}: {why}")]
    NoServer {
        /// Host and port.
        address: String,
        /// The system's error.
        why: String,
    },
    /// The server knows no such device.
    #[error("{serial} is not attached")]
    NoDevice {
        /// Its serial.
        serial: String,
    },
    /// The phone has not accepted this computer's key.
    #[error("{serial} is unauthorized: unlock it and accept this computer")]
    Unauthorized {
        /// Its serial.
        serial: String,
    },
    /// The server knows the device, but cannot talk to it at the moment.
    #[error("{serial} is {state}: {remedy}")]
    NotReady {
        /// Its serial.
        serial: String,
        /// The server's word for it, such as `offline`.
        state: String,
        /// What a person can do.
        remedy: &'static str,
    },
    /// Not enough space on the device.
    #[error("{}; `bench devices clean` frees what sweeps left there", lacking(serial, *needed, *free))]
    NoSpace {
        /// Its serial.
        serial: String,
        /// Bytes to be written, where they are known.
        needed: Option<u64>,
        /// Bytes there are, where the device tells.
        free: Option<u64>,
    },
    /// More than the device's disk holds, however empty it is.
    #[error("{serial}'s disk holds {} in all, {} are needed", bytes(*capacity), bytes(*needed))]
    TooLarge {
        /// Its serial.
        serial: String,
        /// Bytes to be written.
        needed: u64,
        /// Size of the disk, bytes.
        capacity: u64,
    },
    /// The link ended before the command did: unplugged, restarted, adbd killed.
    #[error("the link to {serial} was lost: {why}")]
    Lost {
        /// Its serial.
        serial: String,
        /// How it was noticed.
        why: String,
    },
    /// No answer within the time-out; the phone may be frozen.
    #[error("no answer from {serial} within {seconds} s")]
    TimedOut {
        /// Its serial.
        serial: String,
        /// The time-out.
        seconds: u64,
    },
    /// The request was refused, or the answer is not understood; a retry would not help.
    #[error("{serial}: {why}")]
    Refused {
        /// Its serial.
        serial: String,
        /// The message of the device or server.
        why: String,
    },
}

/// What is lacking on a full disk, as far as it is known.
fn lacking(serial: &str, needed: Option<u64>, free: Option<u64>) -> String {
    match (needed.map(bytes), free.map(bytes)) {
        (Some(needed), Some(free)) => format!("{serial} has {free} free, {needed} are needed"),
        (Some(needed), None) => format!("{serial} has no space left, {needed} are needed"),
        (None, Some(free)) => format!("{serial} has no space left ({free} free)"),
        (None, None) => format!("{serial} has no space left"),
    }
}

impl LinkError {
    /// Whether the same request may succeed later without anyone doing something.
    pub fn can_retry(&self) -> bool {
        match self {
            // A server needs time to start, and a phone to reconnect.
            Self::NoServer { .. }
            | Self::NoDevice { .. }
            | Self::NotReady { .. }
            | Self::Lost { .. }
            | Self::TimedOut { .. } => true,
            Self::Unauthorized { .. }
            | Self::NoSpace { .. }
            | Self::TooLarge { .. }
            | Self::Refused { .. } => false,
        }
    }
}

/// A device that runs commands.
pub trait Shell: Send + Sync {
    /// Runs a script with the device's `sh` and waits for its exit status. Words that
    /// are data go through [`quote`].
    ///
    /// # Errors
    /// [`LinkError`]; never a success when the exit status was not seen.
    fn run(&self, script: &str, timeout: Duration) -> Result<ShellOutput, LinkError>;
}

/// Quotes a word for `sh`. It may hold anything but NUL.
pub fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    #[test]
    fn a_full_disk_is_told_with_the_figures_that_are_known() {
        let told = |needed, free| LinkError::NoSpace { serial: "S".into(), needed, free }.to_string();
        assert!(told(Some(20 << 20), Some(3 << 20)).starts_with("S has 3.0 MiB free, 20 MiB are needed;"));
        assert!(told(Some(20 << 20), None).starts_with("S has no space left, 20 MiB are needed;"));
        assert!(told(None, Some(0)).starts_with("S has no space left (0.0 MiB free);"));
        assert!(told(None, None).starts_with("S has no space left;"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn sh_reads_a_quoted_word_back(word in "[^\0]{0,40}") {
            let output = Command::new("sh").arg("-c").arg(format!("printf %s {}", quote(&word))).output().unwrap();
            prop_assert_eq!(output.stdout, word.as_bytes());
        }
    }
}
