//! A running agent, as the harness follows it.

use slm_protocol::{DecodeError, Envelope};
use slm_provision::local_agent::Exit;
use std::time::Duration;

/// The outcome of waiting for an event.
pub enum NextEvent {
    /// An event.
    Event(Box<Envelope>),
    /// None within the time.
    Timeout,
    /// None within the time, because the device cannot be reached at the moment. Its agent
    /// may be working all the same.
    Unreachable,
    /// The stream has ended; ask for [`AgentRun::finish`].
    Ended,
    /// A line that is not an event.
    Invalid(DecodeError),
}

/// An agent that writes nothing although its device answers: it is stopped, or gets no
/// CPU time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresponsive {
    /// Time since its last output.
    pub duration: Duration,
    /// The process's state in the kernel's words, such as `T (stopped)`.
    pub process_state: String,
}

/// A running agent.
pub trait AgentRun {
    /// Waits for the next event, no longer than `wait`.
    fn next(&mut self, wait: Duration) -> NextEvent;

    /// Whether the agent is unresponsive now, where the device can tell that from a lost link.
    fn unresponsive(&self) -> Option<&Unresponsive> {
        None
    }

    /// Ends the agent: asks first, then kills it.
    fn stop(&mut self);

    /// Waits for the end and says how it came about.
    fn finish(self: Box<Self>) -> Exit;
}
