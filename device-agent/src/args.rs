//! The command line, by hand: an agent for phones has no room for a parser crate.

use std::{ffi::OsString, path::PathBuf};

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
Usage: slm-agent hello
       slm-agent run [--job FILE|-] [--journal FILE] [--die-with-parent]
       slm-agent --version

hello              print one event that says who this agent is
run                read a job (stdin by default), run it, print its events as JSON lines
  --job FILE       read the job from a file
  --journal FILE   append the events to a file too
  --die-with-parent  end when the process that started this one ends

Exit codes: 0 done; 1 events cannot be written; 2 wrong usage or job;
3 the model cannot be loaded; 101 a defect of the agent; 130 interrupted.
";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Hello,
    Run(RunArgs),
    Version,
    Help,
}

/// Options of `run`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RunArgs {
    /// `None`: stdin.
    pub(crate) job: Option<PathBuf>,
    pub(crate) journal: Option<PathBuf>,
    pub(crate) die_with_parent: bool,
}

/// Parses the arguments after the program's name. The error is one line.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut arguments = arguments.peekable();
    let command = arguments.next().ok_or("a command is missing: hello or run (see --help)")?;
    let command = match command.to_str() {
        Some("hello") => Command::Hello,
        Some("--version" | "-V") => Command::Version,
        Some("--help" | "-h" | "help") => Command::Help,
        Some("run") => return run(arguments).map(Command::Run),
        _ => return Err(format!("'{}' is not a command: hello or run (see --help)", command.display())),
    };
    match arguments.next() {
        Some(extra) => Err(format!("'{}' is one argument too many", extra.display())),
        None => Ok(command),
    }
}

fn run(mut arguments: impl Iterator<Item = OsString>) -> Result<RunArgs, String> {
    let mut parsed = RunArgs::default();
    while let Some(argument) = arguments.next() {
        let mut file = |name: &str| arguments.next().ok_or(format!("{name} needs a file")).map(PathBuf::from);
        match argument.to_str() {
            Some("--job") => parsed.job = Some(file("--job")?).filter(|path| path.as_os_str() != "-"),
            Some("--journal") => parsed.journal = Some(file("--journal")?),
            Some("--die-with-parent") => parsed.die_with_parent = true,
            _ => return Err(format!("'{}' is not an option of run (see --help)", argument.display())),
        }
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn commands_and_options() {
        assert_eq!(parsed("hello"), Ok(Command::Hello));
        assert_eq!(parsed("--version"), Ok(Command::Version));
        assert_eq!(parsed("run"), Ok(Command::Run(RunArgs::default())));
        assert_eq!(parsed("run --job -"), Ok(Command::Run(RunArgs::default())));
        let all = RunArgs { job: Some("a".into()), journal: Some("b".into()), die_with_parent: true };
        assert_eq!(parsed("run --journal b --die-with-parent --job a"), Ok(Command::Run(all)));
    }

    #[test]
    fn mistakes_are_named() {
        for (line, word) in [
            ("", "missing"),
            ("sing", "'sing'"),
            ("hello there", "'there'"),
            ("run --fast", "'--fast'"),
            ("run --job", "needs a file"),
        ] {
            let error = parsed(line).unwrap_err();
            assert!(error.contains(word) && !error.contains('\n'), "{line}: {error}");
        }
    }
}
