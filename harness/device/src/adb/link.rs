//! One phone, reached through an adb server.

use super::{
    server::Server,
    shell::{self, TimeLimit},
    sync::{self, Timeouts},
};
use crate::{Link, LinkError, Shell, ShellOutput};
use std::{path::Path, time::Duration};

const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// `connect` waits for the phone's own answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// One phone behind an adb server.
#[derive(Clone, Debug)]
pub struct AdbLink {
    server: Server,
    serial: String,
}

impl AdbLink {
    /// The phone of this serial; nothing is sent yet.
    pub fn new(server: &Server, serial: &str) -> Self {
        Self { server: server.clone(), serial: serial.to_owned() }
    }
}

impl Shell for AdbLink {
    fn run(&self, script: &str, timeout: Duration) -> Result<ShellOutput, LinkError> {
        shell::run(self.server.address(), &self.serial, script, TimeLimit::Total(timeout))
    }
}

impl Link for AdbLink {
    fn serial(&self) -> &str {
        &self.serial
    }

    fn run_with_idle_timeout(&self, script: &str, timeout: Duration) -> Result<ShellOutput, LinkError> {
        shell::run(self.server.address(), &self.serial, script, TimeLimit::Idle(timeout))
    }

    fn push(&self, from: &Path, to: &str, progress: &mut dyn FnMut(u64)) -> Result<(), LinkError> {
        sync::push(self.server.address(), &self.serial, from, to, Timeouts::USUAL, progress)
    }

    /// Starts a server that died again. Connects a phone on a network port at once: the
    /// server itself would try after some ten seconds, and a new server never. A phone on
    /// USB comes back by itself.
    fn reconnect(&self) {
        let attached = self.server.attached();
        let is_network = self.serial.contains(':') && !self.serial.contains(char::is_whitespace);
        let is_ready =
            attached.is_ok_and(|all| all.iter().any(|phone| phone.serial == self.serial && phone.is_ready()));
        if is_network && !is_ready {
            let _ = self.server.query(&format!("host:disconnect:{}", self.serial), DISCONNECT_TIMEOUT);
            let _ = self.server.query(&format!("host:connect:{}", self.serial), CONNECT_TIMEOUT);
        }
    }
}
