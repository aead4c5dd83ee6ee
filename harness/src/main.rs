//! `bench`: parse, run, and turn the outcome into an exit code.

use clap::Parser;
use slm_bench::{
    cli::Cli,
    cmd::{Outcome, run},
};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::SomeFailed | Outcome::Regressed) => ExitCode::from(1),
        Ok(Outcome::Interrupted) => ExitCode::from(130),
        Err(error) => {
            slm_bench::complain(&error);
            ExitCode::from(error.exit_code())
        }
    }
}
