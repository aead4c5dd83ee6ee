//! Files to a phone, by `adb_client` through the adb server. The crate has
//! no time-outs and keeps its socket to itself, so each transfer runs in a thread of
//! its own that is left alone when no byte has moved for too long.

use super::{ServerAddress, connection};
use crate::LinkError;
use adb_client::{RustADBError, server_device::ADBServerDevice};
use std::{
    fs::File,
    io::{self, Read},
    net::{SocketAddr, SocketAddrV4},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

/// Without a byte for so long, a transfer is given up. Flash storage pauses for
/// seconds when its cache is full.
const STALL: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Copies a file to a path on the phone, as it is: no check, no mode.
pub(super) fn push(server: &ServerAddress, serial: &str, from: &Path, to: &str) -> Result<(), LinkError> {
    let file = File::open(from).map_err(|error| refused(serial, format!("{}: {error}", from.display())))?;
    let to = to.to_owned();
    transfer(server, serial, STALL, move |mut device, watch| device.push(Watched { inner: file, watch }, to))
}

/// Bytes that have moved, and whether anybody still waits for them.
#[derive(Clone, Default)]
struct Watch {
    moved: Arc<AtomicU64>,
    abandoned: Arc<AtomicBool>,
}

struct Watched<T> {
    inner: T,
    watch: Watch,
}

impl<T> Watched<T> {
    /// An abandoned transfer ends at its next byte, should the phone wake up.
    fn moved(&self, bytes: usize) -> io::Result<usize> {
        self.watch.moved.fetch_add(bytes as u64 + 1, Ordering::Relaxed);
        if self.watch.abandoned.load(Ordering::Relaxed) {
            return Err(io::Error::other("given up after a stall"));
        }
        Ok(bytes)
    }
}

impl<T: Read> Read for Watched<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.moved(read)
    }
}

/// Runs a transfer in a thread and watches its bytes.
fn transfer(
    server: &ServerAddress,
    serial: &str,
    stall: Duration,
    work: impl FnOnce(ADBServerDevice, Watch) -> Result<(), RustADBError> + Send + 'static,
) -> Result<(), LinkError> {
    let device = ADBServerDevice::new(serial.to_owned(), Some(address(server, serial)?));
    let watch = Watch::default();
    let (sender, ended): (Sender<Result<(), RustADBError>>, _) = channel();
    let theirs = watch.clone();
    thread::spawn(move || drop(sender.send(work(device, theirs))));
    let (mut seen, mut since) = (0, Instant::now());
    loop {
        match ended.recv_timeout(LOOK_EVERY) {
            Ok(result) => return result.map_err(|error| meaning(serial, &error)),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(refused(serial, "the transfer failed within adb_client".into()));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        let moved = watch.moved.load(Ordering::Relaxed);
        if moved != seen {
            (seen, since) = (moved, Instant::now());
        } else if since.elapsed() > stall {
            watch.abandoned.store(true, Ordering::Relaxed);
            return Err(LinkError::TimedOut { serial: serial.to_owned(), seconds: stall.as_secs() });
        }
    }
}

/// The crate takes an IPv4 address only.
fn address(server: &ServerAddress, serial: &str) -> Result<SocketAddrV4, LinkError> {
    let found = connection::resolve(server)?.into_iter().find_map(|address| match address {
        SocketAddr::V4(address) => Some(address),
        SocketAddr::V6(_) => None,
    });
    found.ok_or_else(|| refused(serial, format!("{server} has no IPv4 address, which file transfers need")))
}

fn refused(serial: &str, why: String) -> LinkError {
    LinkError::Refused { serial: serial.to_owned(), why }
}

/// What the crate's error means for the link.
fn meaning(serial: &str, error: &RustADBError) -> LinkError {
    match error {
        RustADBError::IOError(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            LinkError::NoServer { address: serial.to_owned(), why: error.to_string() }
        }
        // Our own file and the socket give the same type: what only a socket gives is a lost link.
        RustADBError::IOError(error)
            if matches!(
                error.kind(),
                io::ErrorKind::UnexpectedEof
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::NotConnected
            ) =>
        {
            LinkError::Lost { serial: serial.to_owned(), why: format!("the transfer broke off: {error}") }
        }
        RustADBError::ADBRequestFailed(message) if message.contains("No space left") => {
            LinkError::NoSpace { serial: serial.to_owned(), needed: 0, free: 0 }
        }
        RustADBError::ADBRequestFailed(message) => super::reply::failure(serial, message),
        // A connection that is cut within a word gives half of one.
        RustADBError::UnknownResponseType(why) => {
            LinkError::Lost { serial: serial.to_owned(), why: why.clone() }
        }
        other => refused(serial, other.to_string().replace('\n', " ")),
    }
}
