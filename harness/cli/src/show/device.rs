//! What devices tell while they are worked with, on stderr.

use super::{ModelWork, note};
use slm_device::{Notice, Notify, agents::BuildStep};
use slm_plan::text::{bytes, clean, seconds};
use std::sync::Arc;

/// Shows what devices tell.
pub fn notices() -> Notify {
    Arc::new(show)
}

/// Shows a step of building an agent.
pub fn agent_build(step: BuildStep) {
    note(&match step {
        BuildStep::AddingTarget(target) => format!("adding Rust's target {target} (rustup)"),
        BuildStep::Installing(package) => format!("installing {package} (apt-get)"),
        BuildStep::Building(kind) => {
            format!("building the agent for {kind} phones; the first time takes minutes")
        }
    });
}

fn show(device: &str, notice: Notice<'_>) {
    let text = match notice {
        Notice::Provision(event) => return ModelWork::default().show(event),
        Notice::AgentBuild(step) => return agent_build(step),
        Notice::Sending { model, bytes: size, files: 1 } => {
            format!("sending {} ({})", clean(model), bytes(size))
        }
        Notice::Sending { model, bytes: size, files } => {
            format!("sending {} ({}, {files} files)", clean(model), bytes(size))
        }
        Notice::MakingOnDevice { model, bytes: size } => {
            format!("making {} ({}) on the device", clean(model), bytes(size))
        }
        Notice::SendProgress { sent, bytes: size } => format!("sent {} of {}", bytes(sent), bytes(size)),
        Notice::Unreachable { error, patience } => {
            format!("{}; trying again for {}", clean(&error), seconds(patience.as_secs_f64()))
        }
        Notice::DiskFull { error, patience } => {
            format!("{}; waiting for space for {}", clean(&error), seconds(patience.as_secs_f64()))
        }
        Notice::Damaged(path) => format!("{} is damaged there and is put there again", clean(path)),
        Notice::StraysEnded(1) => "an agent that an earlier sweep left at work was ended".to_owned(),
        Notice::StraysEnded(count) => format!("{count} agents that earlier sweeps left at work were ended"),
        Notice::AgentUnresponsive { duration, process_state } => {
            let duration = seconds(duration.as_secs_f64());
            format!("its agent has written nothing for {duration} (process state {})", clean(process_state))
        }
        Notice::SettingsNotRestored(why) => clean(&why),
    };
    note(&format!("{}: {text}", clean(device)));
}
