//! The command line.

use crate::engine::llama::QuantizeOptions;
use lexopt::{
    Arg::{Long, Short, Value},
    Parser, ValueExt,
};
use slm_models::{UnknownQuantType, UnknownTensorType};
use std::{ffi::OsString, path::PathBuf, time::Duration};

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
Usage: slm-agent hello
       slm-agent run [--job FILE|-] [--journal FILE] [--patience MS] [--die-with-parent]
       slm-agent make --spec JSON --out FILE
       slm-agent quantize --input FILE --output FILE --type TYPE [--embd TYPE] [--head TYPE] [--threads N]
                          [--dry-run] [--die-with-parent]
       slm-agent check FILE
       slm-agent tokenize MODEL
       slm-agent prompts
       slm-agent --version

hello              print one event that describes this agent
run                read a job (stdin by default), run it, print its events as JSON lines
  --job FILE       read the job from a file
  --journal FILE   append the events to a file too
  --patience MS    how long to keep events while the journal's disk is full [default: 0]
  --die-with-parent  end when the process that started this one ends
make               make a model file with random weights
  --spec JSON      shape, types and seed
  --out FILE       the model file; it appears whole or not at all
quantize           write a model file with its weights in another type, print each step as a JSON line
check              load a model file and evaluate a token on it
tokenize           load MODEL, tokenize the texts of a JSON request on stdin, decode
                   a few tokens, print a JSON report
prompts            read a job on stdin, print as JSON what its prompts become; no trial is run

Exit codes: 0 done; 1 events cannot be written; 2 wrong usage or job;
3 the model cannot be loaded; 4 the engine hangs or broke in a trial, which was reported;
101 a defect of the agent; 130 interrupted.
";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Hello,
    Run(RunArgs),
    Make(MakeArgs),
    Quantize(QuantizeArgs),
    /// Load this file.
    Check(PathBuf),
    /// With this model.
    Tokenize(PathBuf),
    Prompts,
    Version,
    Help,
}

/// Options of `run`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RunArgs {
    /// `None`: stdin.
    pub(crate) job: Option<PathBuf>,
    pub(crate) journal: Option<PathBuf>,
    /// How long events are kept while the journal's disk is full.
    pub(crate) patience: Duration,
    pub(crate) die_with_parent: bool,
}

/// Options of `make`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MakeArgs {
    /// A `ModelSpec` as JSON.
    pub(crate) spec: String,
    pub(crate) out: PathBuf,
}

/// Options of `quantize`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct QuantizeArgs {
    pub(crate) options: QuantizeOptions,
    pub(crate) die_with_parent: bool,
}

/// The commands, for error messages.
const COMMANDS: &str = "hello, run, make, quantize, check, tokenize or prompts (see --help)";

/// Parses the arguments after the program's name. The error is one line.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut parser = Parser::from_args(arguments.collect::<Vec<_>>());
    let command = match next(&mut parser)? {
        None => return Err(format!("a command is missing: {COMMANDS}")),
        Some(Long("version") | Short('V')) => Command::Version,
        Some(Long("help") | Short('h')) => Command::Help,
        Some(Value(name)) => match name.to_str() {
            Some("hello") => Command::Hello,
            Some("help") => Command::Help,
            Some("run") => Command::Run(run(&mut parser)?),
            Some("make") => Command::Make(make(&mut parser)?),
            Some("quantize") => Command::Quantize(quantize(&mut parser)?),
            Some("check") => Command::Check(file(&mut parser, "check needs a file")?),
            Some("prompts") => Command::Prompts,
            Some("tokenize") => Command::Tokenize(file(&mut parser, "tokenize needs a model file")?),
            _ => return Err(format!("'{}' is not a command: {COMMANDS}", name.display())),
        },
        Some(option) => return Err(format!("'{}' is not a command: {COMMANDS}", text(&option))),
    };
    match next(&mut parser)? {
        Some(extra) => Err(format!("'{}' is one argument too many", text(&extra))),
        None => Ok(command),
    }
}

fn run(parser: &mut Parser) -> Result<RunArgs, String> {
    let mut parsed = RunArgs::default();
    while let Some(argument) = next(parser)? {
        match argument {
            Long("job") => parsed.job = Some(path(parser, "--job")?).filter(|path| path.as_os_str() != "-"),
            Long("journal") => parsed.journal = Some(path(parser, "--journal")?),
            Long("patience") => {
                let text = value(parser, "--patience")?.to_string_lossy().into_owned();
                let ms = text.parse().map_err(|_| format!("'{text}' is not a number of milliseconds"))?;
                parsed.patience = Duration::from_millis(ms);
            }
            Long("die-with-parent") => parsed.die_with_parent = true,
            other => return Err(unknown(&other, "run")),
        }
    }
    Ok(parsed)
}

fn make(parser: &mut Parser) -> Result<MakeArgs, String> {
    let (mut spec, mut out) = (None, None);
    while let Some(argument) = next(parser)? {
        match argument {
            Long("spec") => {
                spec = Some(value(parser, "--spec")?.string().map_err(|_| "--spec is not UTF-8".to_owned())?);
            }
            Long("out") => out = Some(path(parser, "--out")?),
            other => return Err(unknown(&other, "make")),
        }
    }
    match (spec, out) {
        (Some(spec), Some(out)) => Ok(MakeArgs { spec, out }),
        _ => Err("make needs --spec and --out (see --help)".to_owned()),
    }
}

fn quantize(parser: &mut Parser) -> Result<QuantizeArgs, String> {
    let (mut input, mut output, mut quant, mut threads) = (None, None, None, None);
    let (mut embd, mut head) = (None, None);
    let (mut dry_run, mut die_with_parent) = (false, false);
    let word =
        |parser: &mut Parser, name| value(parser, name).map(|word| word.to_string_lossy().into_owned());
    let tensor_type = |text: String| text.parse().map_err(|error: UnknownTensorType| error.to_string());
    while let Some(argument) = next(parser)? {
        match argument {
            Long("input") => input = Some(path(parser, "--input")?),
            Long("output") => output = Some(path(parser, "--output")?),
            Long("type") => {
                let text = word(parser, "--type")?;
                quant = Some(text.parse().map_err(|error: UnknownQuantType| error.to_string())?);
            }
            Long("embd") => embd = Some(tensor_type(word(parser, "--embd")?)?),
            Long("head") => head = Some(tensor_type(word(parser, "--head")?)?),
            Long("threads") => {
                let text = word(parser, "--threads")?;
                let number = text.parse().ok().filter(|threads| (1..=512).contains(threads));
                threads = Some(number.ok_or(format!("'{text}' is not a number of threads"))?);
            }
            Long("dry-run") => dry_run = true,
            Long("die-with-parent") => die_with_parent = true,
            other => return Err(unknown(&other, "quantize")),
        }
    }
    let options = QuantizeOptions {
        input: input.ok_or("quantize needs --input")?,
        output: output.ok_or("quantize needs --output")?,
        quant: quant.ok_or("quantize needs --type")?,
        embd,
        head,
        threads,
        dry_run,
    };
    Ok(QuantizeArgs { options, die_with_parent })
}

/// The next argument; `None` after the last one.
fn next(parser: &mut Parser) -> Result<Option<lexopt::Arg<'_>>, String> {
    parser.next().map_err(|error| format!("{error} (see --help)"))
}

/// The one file that a command takes.
fn file(parser: &mut Parser, missing: &str) -> Result<PathBuf, String> {
    match next(parser)? {
        None => Err(missing.to_owned()),
        Some(Value(path)) => Ok(path.into()),
        Some(option) => Err(format!("{missing}, and '{}' is none", text(&option))),
    }
}

/// The value of the option `name`.
fn value(parser: &mut Parser, name: &str) -> Result<OsString, String> {
    parser.value().map_err(|_| format!("{name} needs a value"))
}

/// The value of the option `name`, a file.
fn path(parser: &mut Parser, name: &str) -> Result<PathBuf, String> {
    parser.value().map(PathBuf::from).map_err(|_| format!("{name} needs a file"))
}

fn unknown(argument: &lexopt::Arg<'_>, command: &str) -> String {
    format!("'{}' is not an option of {command} (see --help)", text(argument))
}

/// An argument in the form in which it was given.
fn text(argument: &lexopt::Arg<'_>) -> String {
    match argument {
        Short(letter) => format!("-{letter}"),
        Long(name) => format!("--{name}"),
        Value(value) => value.display().to_string(),
    }
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
        assert_eq!(parsed("prompts"), Ok(Command::Prompts));
        assert_eq!(parsed("--version"), Ok(Command::Version));
        assert_eq!(parsed("run"), Ok(Command::Run(RunArgs::default())));
        assert_eq!(parsed("tokenize m.gguf"), Ok(Command::Tokenize("m.gguf".into())));
        assert_eq!(parsed("run --job -"), Ok(Command::Run(RunArgs::default())));
        let patience = Duration::from_millis(1500);
        let all =
            RunArgs { job: Some("a".into()), journal: Some("b".into()), patience, die_with_parent: true };
        assert_eq!(
            parsed("run --journal b --die-with-parent --patience 1500 --job a"),
            Ok(Command::Run(all))
        );
        let make = MakeArgs { spec: "{}".into(), out: "m".into() };
        assert_eq!(parsed("make --out m --spec {}"), Ok(Command::Make(make)));
        assert_eq!(parsed("check x.gguf"), Ok(Command::Check("x.gguf".into())));
        let options = QuantizeOptions {
            input: "a".into(),
            output: "b".into(),
            quant: "q4_k_m".parse().unwrap(),
            embd: "q6_k".parse().ok(),
            head: "q8_0".parse().ok(),
            threads: Some(2),
            dry_run: true,
        };
        let all = QuantizeArgs { options, die_with_parent: true };
        let line = "quantize --input a --output b --type Q4_K_M --embd q6_K --head q8_0 --threads 2 --dry-run \
                    --die-with-parent";
        assert_eq!(parsed(line), Ok(Command::Quantize(all)));
    }

    #[test]
    fn mistakes_are_named() {
        for (line, word) in [
            ("", "missing"),
            ("sing", "'sing'"),
            ("hello there", "'there'"),
            ("run --fast", "'--fast'"),
            ("run --job", "needs a file"),
            ("run --patience 1s", "'1s'"),
            ("make --spec {}", "--out"),
            ("make --spec", "needs a value"),
            ("make --fast", "'--fast'"),
            ("check", "needs a file"),
            ("check a b", "'b'"),
            ("quantize --input a --output b", "--type"),
            ("quantize --output b --type q4_0", "--input"),
            ("quantize --type q4", "\"q4\""),
            ("quantize --embd q8_1", "\"q8_1\""),
            ("quantize --head q4_k_m", "\"q4_k_m\""),
            ("quantize --threads 0", "'0'"),
            ("quantize --input", "needs a file"),
            ("quantize x", "'x'"),
            ("tokenize", "needs a model"),
            ("tokenize a b", "'b'"),
            ("tokenize --fast", "'--fast'"),
            ("run --die-with-parent=yes", "die-with-parent"),
            ("run x", "'x'"),
            ("--fast", "'--fast'"),
        ] {
            let error = parsed(line).unwrap_err();
            assert!(error.contains(word) && !error.contains('\n'), "{line}: {error}");
        }
    }
}
