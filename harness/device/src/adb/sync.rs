//! Files to a phone, over adb's `sync:` service (AOSP, `file_sync_protocol.h`): `SEND`
//! with path and mode, the content in `DATA` packets, then `DONE`. The phone answers
//! `OKAY`, or `FAIL` with a message. Every header is four letters and a little-endian
//! number.

use super::{
    address::ServerAddress,
    connection::{Connection, Deadline},
    reply,
};
use crate::LinkError;
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The phone closes a connection that sends a larger packet (`SYNC_DATA_MAX`).
const MAX_DATA: usize = 64 << 10;
/// So many packets are written at once: with one each, system calls would set the speed.
const BATCH: usize = 4;
const HEADER: usize = 8;
/// adbd's messages are one line; a longer one is not a message.
const MAX_MESSAGE: usize = 64 << 10;
/// adbd changes it (owner's permissions for all), so the caller sets the mode afterwards.
const MODE: &str = "0644";

/// How long a transfer may stand still.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// For each batch of packets. Flash storage pauses for seconds when its cache is full.
    pub(super) stall: Duration,
    /// From the last byte to the answer: what is still in buffers on the way, at the speed
    /// of a slow Wi-Fi.
    pub(super) answer: Duration,
}

impl Timeouts {
    pub(super) const USUAL: Self = Self { stall: Duration::from_secs(20), answer: Duration::from_mins(1) };
}

/// Copies a file to a path on the phone. What arrived is not checked, and its mode is not
/// set. `progress` is called with the bytes sent so far.
pub(super) fn push(
    server: &ServerAddress,
    serial: &str,
    from: &Path,
    to: &str,
    timeouts: Timeouts,
    progress: &mut dyn FnMut(u64),
) -> Result<(), LinkError> {
    let unreadable = |error: io::Error| LinkError::Refused {
        serial: serial.to_owned(),
        why: format!("{} cannot be sent: {error}", from.display()),
    };
    let mut file = File::open(from).map_err(unreadable)?;
    let stall = || Deadline::after(timeouts.stall);
    let mut connection = Connection::to_device(server, serial, stall())?;
    connection.request("sync:", stall())?;
    connection.write(&packet(*b"SEND", format!("{to},{MODE}").as_bytes()), stall())?;
    let mut sent = 0;
    let mut packets = Vec::with_capacity(BATCH * (HEADER + MAX_DATA));
    loop {
        let bytes = read_packets(&mut file, &mut packets).map_err(unreadable)?;
        if bytes == 0 {
            break;
        }
        let written = connection.write(&packets, stall());
        // A phone that cannot continue (its disk is full, say) answers at once and discards
        // the rest of the transfer.
        if connection.has_input() {
            return answer(&mut connection, stall());
        }
        written?;
        sent += bytes as u64;
        progress(sent);
    }
    connection.write(&header(*b"DONE", modified(&file)), stall())?;
    answer(&mut connection, Deadline::after(timeouts.answer))
}

/// Reads the phone's answer to a transfer.
fn answer(connection: &mut Connection, deadline: Deadline) -> Result<(), LinkError> {
    let mut header = [0; HEADER];
    connection.read_exact(&mut header, deadline)?;
    match parse(header).map_err(|why| connection.refused(why))? {
        Answer::Okay => Ok(()),
        Answer::Fail { message_bytes } => {
            let mut message = vec![0; message_bytes];
            connection.read_exact(&mut message, deadline)?;
            let message = String::from_utf8_lossy(&message);
            Err(reply::failure(connection.peer(), &message))
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Okay,
    Fail { message_bytes: usize },
}

fn parse(header: [u8; HEADER]) -> Result<Answer, String> {
    let [id @ .., a, b, c, d] = header;
    let number = usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(usize::MAX);
    match &id {
        // The number has no meaning here.
        b"OKAY" => Ok(Answer::Okay),
        b"FAIL" if number <= MAX_MESSAGE => Ok(Answer::Fail { message_bytes: number }),
        b"FAIL" => Err(format!("the transfer failed, with a message of {number} bytes")),
        _ => Err(format!("the transfer's answer begins with {:?}", String::from_utf8_lossy(&id))),
    }
}

fn header(id: [u8; 4], number: usize) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..4].copy_from_slice(&id);
    header[4..].copy_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
    header
}

fn packet(id: [u8; 4], payload: &[u8]) -> Vec<u8> {
    [&header(id, payload.len())[..], payload].concat()
}

/// Reads the next packets of a file; gives the bytes of content in them, 0 at its end.
fn read_packets(file: &mut File, packets: &mut Vec<u8>) -> io::Result<usize> {
    packets.clear();
    let mut bytes = 0;
    for _ in 0..BATCH {
        let start = packets.len();
        packets.extend_from_slice(&[0; HEADER]);
        let read = file.by_ref().take(MAX_DATA as u64).read_to_end(packets)?;
        if read == 0 {
            packets.truncate(start);
            break;
        }
        packets[start..start + HEADER].copy_from_slice(&header(*b"DATA", read));
        bytes += read;
    }
    Ok(bytes)
}

/// When the file was changed last, seconds since the Unix epoch; 0 where that is not known.
fn modified(file: &File) -> usize {
    let time = file.metadata().and_then(|metadata| metadata.modified()).unwrap_or(UNIX_EPOCH);
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    usize::try_from(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn answers_are_told_apart() {
        assert_eq!(parse(*b"OKAY\xff\xff\xff\xff"), Ok(Answer::Okay));
        assert_eq!(parse(*b"FAIL\x05\0\0\0"), Ok(Answer::Fail { message_bytes: 5 }));
        assert!(parse(*b"FAIL\xff\xff\xff\xff").is_err());
        assert!(parse(*b"DATA\0\0\0\0").unwrap_err().contains("DATA"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes in any::<[u8; HEADER]>()) {
            let _ = parse(bytes);
        }

        #[test]
        fn packets_carry_their_length(payload in proptest::collection::vec(any::<u8>(), 0..300)) {
            let bytes = packet(*b"DATA", &payload);
            prop_assert_eq!(&bytes[..4], b"DATA");
            prop_assert_eq!(u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize, payload.len());
            prop_assert_eq!(&bytes[8..], payload.as_slice());
        }
    }
}
