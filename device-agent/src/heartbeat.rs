//! A sign of life once a second, from the first event to the last: a host that reads
//! the journal tells a slow agent from a dead one by it.

use crate::{
    helpers::{self, Priority},
    output::Output,
};
use slm_protocol::{CpuList, Event};
use std::{io, thread, time::Duration};

const EVERY: Duration = Duration::from_secs(1);

/// Starts the heart. It stops with the last event, or when nothing can be written:
/// the main thread then learns the reason at its own next event.
pub(crate) fn start(output: &Output, cpus: Option<CpuList>) -> io::Result<()> {
    let output = output.clone();
    helpers::spawn("heartbeat", cpus, Priority::Usual, move || {
        loop {
            thread::sleep(EVERY);
            if output.emit(Event::Heartbeat).is_err() || output.is_closed() {
                return;
            }
        }
    })
}
