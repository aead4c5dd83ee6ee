//! One file per command. Each reads top-down: resolve what was typed, do it,
//! print it.

mod agent;
mod compare;
mod devices;
mod doctor;
mod export;
mod import;
mod make_mlc;
mod models;
mod profiles;
mod pull;
mod quantize;
mod report;
mod sweep;
mod sweet_spot;

use crate::args::{Cli, Command};
use slm_plan::error::Result;

/// How a command that reached its end ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All well.
    Done,
    /// Done, but some cells failed.
    SomeFailed,
    /// Done, and something became worse where that was to be told.
    Regressed,
    /// The device was lost for good; what was measured is kept.
    DeviceLost,
    /// Ended by the user, with what was measured.
    Interrupted,
}

/// Runs a command.
///
/// # Errors
/// See [`slm_plan::error::Error`].
pub fn run(cli: Cli) -> Result<Outcome> {
    match cli.command {
        Command::Sweep(args) => sweep::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::SweetSpot(args) => sweet_spot::run(&args),
        Command::Models(command) => models::run(command),
        Command::Agent(command) => agent::run(&command),
        Command::Devices(args) => devices::run(&args),
        Command::Doctor(output) => doctor::run(output.output),
    }
}
