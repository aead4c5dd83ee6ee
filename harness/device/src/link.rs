//! What a phone can be asked beyond commands: files, and to come back.

use super::{LinkError, Shell, ShellOutput};
use std::{path::Path, time::Duration};

/// The way to one phone.
pub trait Link: Shell {
    /// The phone's serial.
    fn serial(&self) -> &str;

    /// Runs a script that may take long, as long as it prints something now and then.
    ///
    /// # Errors
    /// [`LinkError`]; never a success when the exit status was not seen.
    fn run_with_idle_timeout(&self, script: &str, silence: Duration) -> Result<ShellOutput, LinkError>;

    /// Copies a file to the phone. What arrived is not checked. `progress` is called with
    /// the bytes sent so far.
    ///
    /// # Errors
    /// [`LinkError`]
    fn push(&self, from: &Path, to: &str, progress: &mut dyn FnMut(u64)) -> Result<(), LinkError>;

    /// Does what can be done to get a lost phone back; the next request shows
    /// whether it helped.
    fn reconnect(&self);
}
