//! An adb server: which phones it knows, and questions to the server itself.

use super::{
    address::ServerAddress,
    connection::{Connection, Deadline},
    listing::{self, AttachedPhone},
};
use crate::LinkError;
use std::{
    process::{Command, Stdio},
    time::Duration,
};

/// A server answers its own questions in milliseconds.
const SERVER_TIMEOUT: Duration = Duration::from_secs(5);
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

    /// The phones it knows, whatever their state. A server on this machine that is not
    /// running is started, if `adb` is installed.
    ///
    /// # Errors
    /// [`LinkError::NoServer`], or what the server says.
    pub fn attached(&self) -> Result<Vec<AttachedPhone>, LinkError> {
        let text = match self.query("host:devices-l", SERVER_TIMEOUT) {
            Err(LinkError::NoServer { .. }) if self.start() => {
                self.query("host:devices-l", SERVER_TIMEOUT)?
            }
            answer => answer?,
        };
        Ok(listing::parse(&text))
    }

    pub(super) fn query(&self, request: &str, timeout: Duration) -> Result<String, LinkError> {
        let deadline = Deadline::after(timeout);
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
