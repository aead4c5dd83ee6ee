//! A link to a phone: beside commands, it sends files and reconnects.

use super::{LinkError, Shell, ShellOutput};
use std::{path::Path, time::Duration};

/// A link to one phone.
pub trait Link: Shell {
    /// The phone's serial.
    fn serial(&self) -> &str;

    /// Runs a script with no limit in all, but with a time-out between two outputs.
    ///
    /// # Errors
    /// [`LinkError`]; never a success when the exit status was not seen.
    fn run_with_idle_timeout(&self, script: &str, timeout: Duration) -> Result<ShellOutput, LinkError>;

    /// Copies a file to the phone. What arrived is not checked. `progress` is called with
    /// the bytes sent so far.
    ///
    /// # Errors
    /// [`LinkError`]
    fn push(&self, from: &Path, to: &str, progress: &mut dyn FnMut(u64)) -> Result<(), LinkError>;

    /// Tries to reconnect a lost phone; the next request shows whether it helped.
    fn reconnect(&self);
}
