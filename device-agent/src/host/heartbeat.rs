//! A sign of life once a second, from the first event to the last: a host that reads
//! the journal distinguishes a slow agent from a dead one by it.

use super::output::Output;
use crate::measure::helper_threads::{self, Priority};
use slm_protocol::{CpuList, Event};
use std::{io, thread, time::Duration};

const EVERY: Duration = Duration::from_secs(1);

/// Starts the heartbeat. It stops with the last event, or when nothing can be written; the
/// main thread then gets the reason with its own next event.
pub(crate) fn start(output: &Output, cpus: Option<CpuList>) -> io::Result<()> {
    let output = output.clone();
    helper_threads::spawn("heartbeat", cpus, Priority::Usual, move || {
        loop {
            thread::sleep(EVERY);
            if output.emit(Event::Heartbeat).is_err() || output.is_closed() {
                return;
            }
        }
    })
}
