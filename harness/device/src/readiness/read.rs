//! Asks a phone for its state.

use super::{PhoneState, change::ASK, parse};
use crate::{LinkError, Shell, quote};
use std::time::Duration;

/// Several system services are asked, each for 8 s at most.
const TIMEOUT: Duration = Duration::from_mins(1);
const READ: &str = include_str!("read.sh");

impl PhoneState {
    /// Reads the state in one round trip. `root` is the folder that bench uses on the phone.
    ///
    /// # Errors
    /// The link's; an answer without its end is [`LinkError::Refused`].
    pub fn read(shell: &dyn Shell, root: &str) -> Result<Self, LinkError> {
        let output = shell.run(&format!("dir={}\n{ASK}{READ}", quote(root)), TIMEOUT)?;
        parse::parse(&output.text()).ok_or_else(|| LinkError::Refused {
            serial: "the phone".into(),
            why: format!("its state came cut short (status {})", output.code),
        })
    }
}
