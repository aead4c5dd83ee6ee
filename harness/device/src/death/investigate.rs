//! Asks a phone why an agent died.

use super::{Clue, DeadAgent, find};
use crate::{LinkError, Shell};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(30);
const READ: &str = include_str!("read.sh");

/// The most serious clue in the phone's logs, if there is one. One round trip.
///
/// # Errors
/// The link's.
pub fn investigate(shell: &dyn Shell, agent: &DeadAgent) -> Result<Option<Clue>, LinkError> {
    shell.run(READ, TIMEOUT).map(|output| find(&output.text(), agent))
}
