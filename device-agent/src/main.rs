//! `slm-agent`: loads one model, runs the trials of a job on it, and reports raw
//! times as events. It runs on the device that is measured.

mod commands;
mod engine;
mod host;
mod measure;
mod prepare;
mod sensors;

use commands::{check, make, prompts, quantize, tokenize};
use host::{
    args::{self, Command, QuantizeArgs, RunArgs},
    job,
    output::Output,
    parent, signals,
};
use measure::{clock, error::RunError, ready};
use sensors::machine;
use slm_protocol::Event;
use std::{
    fmt::Display,
    io::{self, Write},
    panic,
    path::Path,
    process::ExitCode,
    time::Duration,
};
use tokenize::TokenizeError;

/// Events cannot be written.
const CANNOT_WRITE: u8 = 1;
/// Wrong usage, or a job that cannot be understood.
const WRONG_INPUT: u8 = 2;
/// The model cannot be loaded.
const LOAD_FAILED: u8 = 3;
/// The engine cannot run another trial; another agent can.
const UNUSABLE: u8 = 4;
/// SIGINT or SIGTERM.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    clock::start();
    panic::set_hook(Box::new(|info| complain(&info.to_string().replace('\n', " "))));
    match args::parse(std::env::args_os().skip(1)) {
        Ok(Command::Hello) => hello(),
        Ok(Command::Run(args)) => run(&args),
        Ok(Command::Make(args)) => match make::run(&args) {
            Ok(()) => ExitCode::SUCCESS,
            Err(make::Error::Spec(why)) => fail(WRONG_INPUT, why),
            Err(error) => fail(CANNOT_WRITE, error),
        },
        Ok(Command::Quantize(args)) => quantize(&args),
        Ok(Command::Check(file)) => exit_code(check::run(&file)),
        Ok(Command::Tokenize(model)) => tokenize(&model),
        Ok(Command::Prompts) => show_prompts(),
        Ok(Command::Version) => print(&version()),
        Ok(Command::Help) => print(args::USAGE),
        Err(mistake) => fail(WRONG_INPUT, mistake),
    }
}

fn hello() -> ExitCode {
    let facts = ready::agent_facts(machine::facts());
    match Output::open(None, Duration::ZERO).and_then(|output| output.emit(Event::Hello(Box::new(facts)))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(CANNOT_WRITE, error),
    }
}

fn quantize(args: &QuantizeArgs) -> ExitCode {
    if args.die_with_parent
        && let Err(error) = parent::die_with_parent()
    {
        return fail(CANNOT_WRITE, format!("cannot be tied to the parent process: {error}"));
    }
    exit_code(quantize::run(&args.options))
}

fn exit_code(result: Result<(), engine::LoadError>) -> ExitCode {
    result.map_or_else(|error| fail(LOAD_FAILED, error), |()| ExitCode::SUCCESS)
}

fn run(args: &RunArgs) -> ExitCode {
    if args.die_with_parent
        && let Err(error) = parent::die_with_parent()
    {
        return fail(CANNOT_WRITE, format!("cannot be tied to the parent process: {error}"));
    }
    #[expect(clippy::exit, reason = "the way out when a load does not end after a signal")]
    if let Err(error) = signals::watch(|| std::process::exit(i32::from(INTERRUPTED))) {
        return fail(CANNOT_WRITE, format!("signals cannot be watched: {error}"));
    }
    let job = match job::read(args.job.as_deref()) {
        Ok(job) => job,
        Err(error) => return fail(WRONG_INPUT, error),
    };
    let result =
        Output::open(args.journal.as_deref(), args.patience).map_err(RunError::from).and_then(|output| {
            let result = measure::run::run(&job, &output);
            output.settle()?;
            result
        });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ RunError::LoadFailed(_)) => fail(LOAD_FAILED, error),
        Err(error @ RunError::Unusable(_)) => fail(UNUSABLE, error),
        Err(RunError::Interrupted) => ExitCode::from(INTERRUPTED),
        Err(error @ RunError::Output(_)) => fail(CANNOT_WRITE, error),
    }
}

fn tokenize(model: &Path) -> ExitCode {
    let report = tokenize::read(io::stdin()).and_then(|request| tokenize::run(model, &request));
    match report.map(|report| serde_json::to_string(&report)) {
        Ok(Ok(text)) => print(&(text + "\n")),
        Ok(Err(error)) => fail(CANNOT_WRITE, error),
        Err(error @ TokenizeError::Request(_)) => fail(WRONG_INPUT, error),
        Err(error @ (TokenizeError::Load(_) | TokenizeError::Run(_))) => fail(LOAD_FAILED, error),
    }
}

fn show_prompts() -> ExitCode {
    let job = match job::read(None) {
        Ok(job) => job,
        Err(error) => return fail(WRONG_INPUT, error),
    };
    match prompts::run(&job).map(|report| serde_json::to_string(&report)) {
        Ok(Ok(text)) => print(&(text + "\n")),
        Ok(Err(error)) => fail(CANNOT_WRITE, error),
        Err(error) => fail(LOAD_FAILED, error),
    }
}

/// Version, flavour and engines, for people.
fn version() -> String {
    let engines: Vec<String> = engine::available()
        .iter()
        .map(|facts| format!("{}: {}\n", facts.engine.into_str(), facts.version))
        .collect();
    format!(
        "slm-agent {} ({}, {})\n{}",
        env!("CARGO_PKG_VERSION"),
        env!("SLM_AGENT_FLAVOUR"),
        env!("SLM_AGENT_TARGET"),
        engines.concat()
    )
}

fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(CANNOT_WRITE),
    }
}

fn fail(code: u8, error: impl Display) -> ExitCode {
    complain(&error.to_string().replace('\n', " "));
    ExitCode::from(code)
}

/// One line on stderr. Nobody may be listening; that is no further error.
fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "slm-agent: {message}");
}
