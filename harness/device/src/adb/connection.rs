//! One connection to an adb server: a request, its answer, then whatever the
//! service sends. Every wait ends at a time that the caller chose.

use super::{
    address::ServerAddress,
    reply::{self, Status},
};
use crate::LinkError;
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    time::{Duration, Instant},
};

/// A server in the same network answers in milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// When a wait ends, and how long it was in all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    at: Instant,
    total: Duration,
}

impl Deadline {
    /// This long from now.
    pub(super) fn after(total: Duration) -> Self {
        Self { at: Instant::now() + total, total }
    }
}

/// An open connection.
pub(super) struct Connection {
    stream: TcpStream,
    /// For errors: the device, or the server's address.
    peer: String,
}

/// The addresses that a server's host name stands for.
fn resolve(server: &ServerAddress) -> Result<Vec<SocketAddr>, LinkError> {
    let no_server = |why: String| LinkError::NoServer { address: server.to_string(), why };
    let found = (server.host(), server.port()).to_socket_addrs();
    let found: Vec<SocketAddr> = found.map_err(|error| no_server(error.to_string()))?.collect();
    if found.is_empty() { Err(no_server("the name has no address".into())) } else { Ok(found) }
}

impl Connection {
    /// Connects to a server.
    pub(super) fn open(server: &ServerAddress) -> Result<Self, LinkError> {
        let mut last = None;
        for address in resolve(server)? {
            match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
                Ok(stream) => {
                    // Small requests wait for nothing.
                    let _ = stream.set_nodelay(true);
                    return Ok(Self { stream, peer: server.to_string() });
                }
                Err(error) => last = Some(error),
            }
        }
        let why = last.map_or_else(String::new, |error| error.to_string());
        Err(LinkError::NoServer { address: server.to_string(), why })
    }

    /// Connects to a device through a server.
    pub(super) fn to_device(
        server: &ServerAddress,
        serial: &str,
        deadline: Deadline,
    ) -> Result<Self, LinkError> {
        let mut connection = Self::open(server)?;
        serial.clone_into(&mut connection.peer);
        connection.request(&format!("host:transport:{serial}"), deadline)?;
        Ok(connection)
    }

    /// Asks for a service; its `FAIL` becomes an error.
    pub(super) fn request(&mut self, request: &str, deadline: Deadline) -> Result<(), LinkError> {
        let bytes = reply::encode_request(request)
            .ok_or_else(|| self.refused(format!("a request of {} bytes is too long", request.len())))?;
        self.write(&bytes, deadline)?;
        let mut word = [0; 4];
        self.read_exact(&mut word, deadline)?;
        match reply::status(word).map_err(|why| self.refused(why))? {
            Status::Okay => Ok(()),
            Status::Fail => {
                let message = self.text(deadline)?;
                Err(reply::failure(&self.peer, &message))
            }
        }
    }

    /// A text with its length before it.
    pub(super) fn text(&mut self, deadline: Deadline) -> Result<String, LinkError> {
        let mut digits = [0; 4];
        self.read_exact(&mut digits, deadline)?;
        let length = reply::length(digits).map_err(|why| self.refused(why))?;
        let mut text = vec![0; length];
        self.read_exact(&mut text, deadline)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Writes all of it.
    pub(super) fn write(&mut self, mut bytes: &[u8], deadline: Deadline) -> Result<(), LinkError> {
        while !bytes.is_empty() {
            // A time-out of the socket is for each write, which may write a part.
            let left = self.time_left(deadline)?;
            let written = self.stream.set_write_timeout(Some(left)).and_then(|()| self.stream.write(bytes));
            match written {
                Ok(0) => return Err(self.lost("the connection takes no more bytes")),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.io_error(&error, deadline)),
            }
        }
        Ok(())
    }

    /// Reads some bytes; 0 at the end of the stream.
    pub(super) fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        loop {
            let left = self.time_left(deadline)?;
            let read = self.stream.set_read_timeout(Some(left)).and_then(|()| self.stream.read(buffer));
            match read {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Cut off by a killed server or adbd: the same as an end.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(0),
                read => return read.map_err(|error| self.io_error(&error, deadline)),
            }
        }
    }

    /// Fills the buffer; an end before that is a lost link.
    pub(super) fn read_exact(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<(), LinkError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read(&mut buffer[filled..], deadline)? {
                0 => return Err(self.lost("the connection was closed before the answer was complete")),
                read => filled += read,
            }
        }
        Ok(())
    }

    /// Whether there is something to read, or the end of the stream.
    pub(super) fn has_input(&self) -> bool {
        let peek = |()| self.stream.peek(&mut [0]);
        let peeked = self.stream.set_nonblocking(true).and_then(peek);
        let blocking = self.stream.set_nonblocking(false);
        peeked.is_ok() && blocking.is_ok()
    }

    /// Who is spoken to: the device, or the server's address.
    pub(super) fn peer(&self) -> &str {
        &self.peer
    }

    /// The time left; an error when there is none.
    fn time_left(&self, deadline: Deadline) -> Result<Duration, LinkError> {
        let left = deadline.at.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(self.timed_out(deadline)) } else { Ok(left) }
    }

    fn io_error(&self, error: &io::Error, deadline: Deadline) -> LinkError {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => self.timed_out(deadline),
            _ => self.lost(&error.to_string()),
        }
    }

    fn timed_out(&self, deadline: Deadline) -> LinkError {
        LinkError::TimedOut { serial: self.peer.clone(), seconds: deadline.total.as_secs().max(1) }
    }

    /// The link ended.
    pub(super) fn lost(&self, why: &str) -> LinkError {
        LinkError::Lost { serial: self.peer.clone(), why: why.to_owned() }
    }

    /// Something that a retry does not reconnect.
    pub(super) fn refused(&self, why: String) -> LinkError {
        LinkError::Refused { serial: self.peer.clone(), why }
    }
}
