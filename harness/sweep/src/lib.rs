//! A running sweep: one session for each model on a device, devices side by side, and
//! the event log that all tables derive from.

pub mod fleet;
mod recall;
mod rewarm;
pub mod session;
pub mod store;

pub use recall::Recall;
