//! From a command to what runs it.

use super::{
    Outcome, agent, compare, devices, doctor, export, history, models, outputs, prompts, report, sweep,
    sweet_spot,
};
use crate::args::{Cli, Command};
use slm_plan::error::Result;

/// Runs a command.
///
/// # Errors
/// See [`slm_plan::error::Error`].
pub fn run(cli: Cli) -> Result<Outcome> {
    match cli.command {
        Command::Sweep(args) => sweep::run(&args),
        Command::Ab(args) => sweep::run_ab(&args),
        Command::Report(args) => report::run(&args),
        Command::Outputs(args) => outputs::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::History(args) => history::run(&args),
        Command::SweetSpot(args) => sweet_spot::run(&args),
        Command::Models(command) => models::run(command),
        Command::Prompts(command) => prompts::run(&command),
        Command::Agent(command) => agent::run(&command),
        Command::Devices(args) => devices::run(&args),
        Command::Doctor(output) => doctor::run(output.output),
    }
}
