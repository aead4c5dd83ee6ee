//! Where models are measured. A device starts agents; an agent run gives events
//! and, at its end, evidence of how it ended.

pub mod adb;
mod agent_run;
pub mod agents;
pub mod death;
mod device;
mod link;
mod local;
pub mod lock;
mod notice;
mod open;
mod open_options;
pub mod phone;
pub mod profile;
pub mod readiness;
mod shell;
#[cfg(test)]
mod testing;

pub use agent_run::{AgentRun, NextEvent, Unresponsive};
pub use device::{Claim, Device, RunName, StagedModel, StartError};
pub use link::Link;
pub use local::Local;
pub use notice::{Notice, Notify};
pub use open::open;
pub use open_options::OpenOptions;
pub use phone::ready_names;
pub use shell::{LinkError, Shell, ShellOutput, quote};
