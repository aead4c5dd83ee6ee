//! `bench`: parse, run, and turn the outcome into an exit code.

use clap::{Parser, error::ErrorKind};
use slm_bench::{
    args::{Cli, one_line},
    cmd::{Outcome, run},
};
use slm_plan::error::Error;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match run(cli) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::SomeFailed | Outcome::Regressed) => ExitCode::from(1),
        Ok(Outcome::DeviceLost) => ExitCode::from(3),
        Ok(Outcome::Interrupted) => ExitCode::from(130),
        Err(error) => fail(&error),
    }
}

/// Help and version go to stdout as they are; a mistake is one line like any other error.
fn usage(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
        _ => fail(&Error::Input(one_line(&error.render().to_string()))),
    }
}

fn fail(error: &Error) -> ExitCode {
    slm_bench::complain(error);
    ExitCode::from(error.exit_code())
}
