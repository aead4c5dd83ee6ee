//! What connects the agent with its host: arguments, the job, events, signals.

pub(crate) mod args;
pub(crate) mod heartbeat;
pub(crate) mod job;
mod journal;
pub(crate) mod output;
pub(crate) mod parent;
pub(crate) mod signals;
