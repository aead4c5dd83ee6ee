//! How much of an agent's report is recorded already: an agent that went on without
//! its host tells everything again.

use super::{Record, SweepEvent};

/// What is recorded of the last agent on a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its process.
    pub pid: u32,
    /// When it started, nanoseconds since the Unix epoch.
    pub started_unix_ns: u64,
    /// Events that came from it, as [`SweepEvent::is_from_agent`] counts them.
    pub events: usize,
}

impl Recorded {
    /// Reads it off the record of a sweep; `None` when no agent ran on the device.
    pub fn of(device: &str, records: &[Record]) -> Option<Self> {
        let on_device =
            records.iter().map(|record| &record.event).filter(|event| event.device() == Some(device));
        let mut last: Option<Self> = None;
        for event in on_device {
            if let SweepEvent::AgentStarted { facts, .. } = event {
                last = Some(Self { pid: facts.pid, started_unix_ns: facts.started_unix_ns, events: 0 });
            }
            if let Some(last) = last.as_mut().filter(|_| event.is_from_agent()) {
                last.events += 1;
            }
        }
        last
    }
}
