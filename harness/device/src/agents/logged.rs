//! Commands whose words are for the user.

use std::{
    io,
    process::{Command, ExitStatus, Stdio},
};

/// Runs a command whose words are for the user: on stderr, since stdout is for data.
pub(super) fn run_logged(command: &mut Command) -> io::Result<ExitStatus> {
    command.stdin(Stdio::null()).stdout(io::stderr()).status()
}
