//! Where models are measured. A device starts agents; an agent run gives events
//! and, at its end, evidence of how it ended.

pub mod death;
mod exit;
mod local;
mod open;
pub mod profile;
pub mod readiness;
mod shell;
#[cfg(test)]
mod testing;

pub use exit::Exit;
pub use local::Local;
pub(crate) use local::{find_agent, tail};
pub use open::{attached, open};
pub use shell::{LinkError, Shell, ShellOutput, quote};

use crate::error::Result;
use slm_protocol::{AgentFacts, DecodeError, Envelope, Job};
use std::{path::Path, time::Duration};

/// A device that agents run on. Several are driven at once, each by a thread.
pub trait Device: Send + Sync {
    /// Name, as in the tables.
    fn name(&self) -> &str;

    /// Asks the agent who it is, without loading anything.
    ///
    /// # Errors
    /// No agent, or one of another protocol version.
    fn hello(&self) -> Result<AgentFacts>;

    /// Makes a model file available and tells its path on the device.
    ///
    /// # Errors
    /// The file cannot be brought there.
    fn place_model(&self, file: &Path) -> Result<String>;

    /// Starts an agent on a job.
    ///
    /// # Errors
    /// The agent cannot be started.
    fn start(&self, job: &Job) -> Result<Box<dyn AgentRun>>;
}

/// What came of waiting for an event.
pub enum Next {
    /// An event.
    Event(Box<Envelope>),
    /// Nothing within the time.
    Quiet,
    /// The stream has ended; ask for [`AgentRun::finish`].
    Ended,
    /// A line that is not understood.
    Garbled(DecodeError),
}

/// A running agent.
pub trait AgentRun {
    /// Waits for the next event, at most so long.
    fn next(&mut self, wait: Duration) -> Next;

    /// Ends the agent, gently and then firmly.
    fn stop(&mut self);

    /// Waits for the end and tells how it came.
    fn finish(self: Box<Self>) -> Exit;
}
