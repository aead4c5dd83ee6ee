//! Phones through an adb server: who is attached, commands, files.

mod address;
mod connection;
mod files;
mod listing;
mod packets;
mod reply;
mod shell;

#[cfg(test)]
mod tests;

pub use address::{PhoneAddress, ServerAddress};
pub use listing::Attached;

use crate::{Link, LinkError, Shell, ShellOutput};
use connection::{Connection, Deadline};
use shell::Patience;
use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

/// A server answers for itself in milliseconds.
const SERVER_PATIENCE: Duration = Duration::from_secs(5);
/// `connect` waits for the phone's own answer.
const CONNECT_PATIENCE: Duration = Duration::from_secs(15);

/// An adb server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    address: ServerAddress,
}

impl Server {
    /// The server at an address; nothing is sent yet.
    pub fn new(address: ServerAddress) -> Self {
        Self { address }
    }

    /// Where it listens.
    pub fn address(&self) -> &ServerAddress {
        &self.address
    }

    /// The phones it knows, whatever their state. A server of this machine that does
    /// not run is started, if `adb` is installed.
    ///
    /// # Errors
    /// [`LinkError::NoServer`], or what the server says.
    pub fn attached(&self) -> Result<Vec<Attached>, LinkError> {
        let text = match self.ask("host:devices-l", SERVER_PATIENCE) {
            Err(LinkError::NoServer { .. }) if self.start() => self.ask("host:devices-l", SERVER_PATIENCE)?,
            answer => answer?,
        };
        Ok(listing::parse(&text))
    }

    /// A phone of this server.
    pub fn phone(&self, serial: &str) -> Adb {
        Adb { server: self.clone(), serial: serial.to_owned() }
    }

    fn ask(&self, request: &str, patience: Duration) -> Result<String, LinkError> {
        let deadline = Deadline::after(patience);
        let mut connection = Connection::open(&self.address)?;
        connection.request(request, deadline)?;
        connection.text(deadline)
    }

    /// Starts a server of this machine by the user's own `adb`; false when that
    /// cannot be done.
    fn start(&self) -> bool {
        let mut adb = Command::new("adb");
        adb.args(["-P", &self.address.port().to_string(), "start-server"]);
        // The daemon keeps what it inherits.
        adb.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.address.is_local() && adb.status().is_ok_and(|status| status.success())
    }
}

/// One phone behind an adb server.
#[derive(Clone, Debug)]
pub struct Adb {
    server: Server,
    serial: String,
}

impl Shell for Adb {
    fn run(&self, script: &str, timeout: Duration) -> Result<ShellOutput, LinkError> {
        shell::run(&self.server.address, &self.serial, script, Patience::Whole(timeout))
    }
}

impl Link for Adb {
    fn serial(&self) -> &str {
        &self.serial
    }

    fn run_while_heard(&self, script: &str, silence: Duration) -> Result<ShellOutput, LinkError> {
        shell::run(&self.server.address, &self.serial, script, Patience::Silence(silence))
    }

    fn push(&self, from: &Path, to: &str) -> Result<(), LinkError> {
        files::push(&self.server.address, &self.serial, from, to)
    }

    /// A server that died is started again. A phone on a network port is connected
    /// anew at once; the server itself would try in some ten seconds, and a new
    /// server never. One on USB comes back by itself.
    fn mend(&self) {
        let attached = self.server.attached();
        let is_network = self.serial.contains(':') && !self.serial.contains(char::is_whitespace);
        let is_ready =
            attached.is_ok_and(|all| all.iter().any(|phone| phone.serial == self.serial && phone.is_ready()));
        if is_network && !is_ready {
            let _ = self.server.ask(&format!("host:disconnect:{}", self.serial), SERVER_PATIENCE);
            let _ = self.server.ask(&format!("host:connect:{}", self.serial), CONNECT_PATIENCE);
        }
    }
}
