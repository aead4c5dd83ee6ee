//! The measurement: a run, its trials, and what is read and watched around them.

pub(crate) mod affinity;
mod calibrate;
pub(crate) mod clock;
pub(crate) mod contention;
pub(crate) mod error;
mod gate;
pub(crate) mod helper_threads;
pub(crate) mod memory;
mod probe;
pub(crate) mod ready;
mod residency;
pub(crate) mod run;
mod trial;
mod trials;
mod watchdog;
mod whole_reply;
