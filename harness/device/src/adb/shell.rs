//! Commands on a phone, over `shell,v2`. Only a command whose exit packet arrived has
//! ended; a stream that stops before it is a lost link.

use super::{
    address::ServerAddress,
    connection::{Connection, Deadline},
    packets::{Decoder, NO_STDIN, Packet},
};
use crate::{LinkError, ShellOutput};
use std::time::Duration;

/// No command that the harness runs prints more.
const MAX_OUTPUT: usize = 64 << 20;

/// How long a command may take.
#[derive(Clone, Copy, Debug)]
pub(super) enum TimeLimit {
    /// In all.
    Total(Duration),
    /// Without output.
    Idle(Duration),
}

/// Runs a script with the device's `sh`.
pub(super) fn run(
    server: &ServerAddress,
    serial: &str,
    script: &str,
    limit: TimeLimit,
) -> Result<ShellOutput, LinkError> {
    let (TimeLimit::Total(time) | TimeLimit::Idle(time)) = limit;
    let mut deadline = Deadline::after(time);
    let mut connection = Connection::to_device(server, serial, deadline)?;
    connection.request(&format!("shell,v2,raw:{script}"), deadline)?;
    connection.write(&NO_STDIN, deadline)?;
    let (mut decoder, mut buffer) = (Decoder::default(), vec![0; 64 << 10]);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    loop {
        while let Some(packet) = decoder.next().map_err(|why| connection.refused(why))? {
            match packet {
                Packet::Stdout(bytes) => stdout.extend_from_slice(&bytes),
                Packet::Stderr(bytes) => stderr.extend_from_slice(&bytes),
                Packet::Exit(code) => return Ok(ShellOutput { code, stdout, stderr }),
            }
        }
        if stdout.len() + stderr.len() > MAX_OUTPUT {
            return Err(connection.refused(format!("a command printed more than {MAX_OUTPUT} bytes")));
        }
        match connection.read(&mut buffer, deadline)? {
            0 => {
                let torn = if decoder.has_partial_packet() { ", within a packet" } else { "" };
                return Err(
                    connection.lost(&format!("the command's stream ended without an exit status{torn}"))
                );
            }
            read => decoder.feed(&buffer[..read]),
        }
        if let TimeLimit::Idle(time) = limit {
            deadline = Deadline::after(time);
        }
    }
}
