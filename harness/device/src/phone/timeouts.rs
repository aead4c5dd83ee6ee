//! Times that requests to a phone share.

use std::time::Duration;

/// For commands that take milliseconds; a phone that runs a model may need long for them.
pub(super) const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a phone that cannot be reached is retried for something not worth more.
pub(super) const SHORT_PATIENCE: Duration = Duration::from_secs(5);
