//! The command line, by hand: an agent for phones has no room for a parser crate.

use slm_models::{QuantType, TensorType};
use std::{ffi::OsString, path::PathBuf};

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
Usage: slm-agent hello
       slm-agent run [--job FILE|-] [--journal FILE] [--die-with-parent]
       slm-agent make --spec JSON --out FILE
       slm-agent quantize --input FILE --output FILE --type TYPE [--embd TYPE] [--head TYPE] [--threads N]
                          [--dry-run] [--die-with-parent]
       slm-agent check FILE
       slm-agent tokenize MODEL
       slm-agent --version

hello              print one event that says who this agent is
run                read a job (stdin by default), run it, print its events as JSON lines
  --job FILE       read the job from a file
  --journal FILE   append the events to a file too
  --die-with-parent  end when the process that started this one ends
make               make a model file with random weights, so that none need be sent
  --spec JSON      shape, types and seed
  --out FILE       where to; it appears whole or not at all
quantize           write a model file with its weights in another type, print each step as a JSON line
check              load a model file and evaluate a token on it
tokenize           load MODEL, tokenize the texts of a JSON request on stdin, decode
                   a few tokens, print a JSON report

Exit codes: 0 done; 1 events cannot be written; 2 wrong usage or job;
3 the model cannot be loaded; 4 the engine hangs or broke in a trial, which was told;
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
    pub(crate) input: PathBuf,
    /// Not touched in a dry run.
    pub(crate) output: PathBuf,
    pub(crate) quant: QuantType,
    /// Type of the embeddings; `None`: the engine decides.
    pub(crate) embd: Option<TensorType>,
    /// Type of the output matrix; `None`: likewise.
    pub(crate) head: Option<TensorType>,
    /// `None`: as many as the machine has cores.
    pub(crate) threads: Option<i32>,
    pub(crate) dry_run: bool,
    pub(crate) die_with_parent: bool,
}

/// What can be asked for, in error messages.
const COMMANDS: &str = "hello, run, make, quantize, check or tokenize (see --help)";

/// Parses the arguments after the program's name. The error is one line.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut arguments = arguments.peekable();
    let command = arguments.next().ok_or(format!("a command is missing: {COMMANDS}"))?;
    let command = match command.to_str() {
        Some("hello") => Command::Hello,
        Some("--version" | "-V") => Command::Version,
        Some("--help" | "-h" | "help") => Command::Help,
        Some("run") => return run(arguments).map(Command::Run),
        Some("tokenize") => Command::Tokenize(arguments.next().ok_or("tokenize needs a model file")?.into()),
        Some("make") => return make(arguments).map(Command::Make),
        Some("quantize") => return quantize(arguments).map(Command::Quantize),
        Some("check") => Command::Check(arguments.next().ok_or("check needs a file")?.into()),
        _ => {
            return Err(format!("'{}' is not a command: {COMMANDS}", command.display()));
        }
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

fn make(mut arguments: impl Iterator<Item = OsString>) -> Result<MakeArgs, String> {
    let (mut spec, mut out) = (None, None);
    while let Some(argument) = arguments.next() {
        let mut value = |name: &str| arguments.next().ok_or(format!("{name} needs a value"));
        match argument.to_str() {
            Some("--spec") => {
                spec = Some(value("--spec")?.into_string().map_err(|_| "--spec is not UTF-8".to_owned())?);
            }
            Some("--out") => out = Some(PathBuf::from(value("--out")?)),
            _ => return Err(format!("'{}' is not an option of make (see --help)", argument.display())),
        }
    }
    match (spec, out) {
        (Some(spec), Some(out)) => Ok(MakeArgs { spec, out }),
        _ => Err("make needs --spec and --out (see --help)".to_owned()),
    }
}

fn quantize(mut arguments: impl Iterator<Item = OsString>) -> Result<QuantizeArgs, String> {
    let (mut input, mut output, mut quant, mut threads) = (None, None, None, None);
    let (mut embd, mut head) = (None, None);
    let (mut dry_run, mut die_with_parent) = (false, false);
    while let Some(argument) = arguments.next() {
        let mut value = |name: &str| arguments.next().ok_or(format!("{name} needs a value"));
        let mut word = |name: &str| value(name).map(|word| word.to_string_lossy().into_owned());
        match argument.to_str() {
            Some("--type") => {
                quant =
                    Some(word("--type")?.parse().map_err(|e: slm_models::UnknownQuantType| e.to_string())?);
            }
            Some(name @ ("--embd" | "--head")) => {
                let parsed = word(name)?.parse().map_err(|e: slm_models::UnknownTensorType| e.to_string())?;
                *(if name == "--embd" { &mut embd } else { &mut head }) = Some(parsed);
            }
            Some("--threads") => {
                let text = word("--threads")?;
                let number = text.parse().ok().filter(|threads| (1..=512).contains(threads));
                threads = Some(number.ok_or(format!("'{text}' is no number of threads"))?);
            }
            Some("--input") => input = Some(PathBuf::from(value("--input")?)),
            Some("--output") => output = Some(PathBuf::from(value("--output")?)),
            Some("--dry-run") => dry_run = true,
            Some("--die-with-parent") => die_with_parent = true,
            _ => return Err(format!("'{}' is not an option of quantize (see --help)", argument.display())),
        }
    }
    Ok(QuantizeArgs {
        input: input.ok_or("quantize needs --input")?,
        output: output.ok_or("quantize needs --output")?,
        quant: quant.ok_or("quantize needs --type")?,
        embd,
        head,
        threads,
        dry_run,
        die_with_parent,
    })
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
        assert_eq!(parsed("tokenize m.gguf"), Ok(Command::Tokenize("m.gguf".into())));
        assert_eq!(parsed("run --job -"), Ok(Command::Run(RunArgs::default())));
        let all = RunArgs { job: Some("a".into()), journal: Some("b".into()), die_with_parent: true };
        assert_eq!(parsed("run --journal b --die-with-parent --job a"), Ok(Command::Run(all)));
        let make = MakeArgs { spec: "{}".into(), out: "m".into() };
        assert_eq!(parsed("make --out m --spec {}"), Ok(Command::Make(make)));
        assert_eq!(parsed("check x.gguf"), Ok(Command::Check("x.gguf".into())));
        let all = QuantizeArgs {
            input: "a".into(),
            output: "b".into(),
            quant: "q4_k_m".parse().unwrap(),
            embd: "q6_k".parse().ok(),
            head: "q8_0".parse().ok(),
            threads: Some(2),
            dry_run: true,
            die_with_parent: true,
        };
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
            ("quantize --input", "needs a value"),
            ("quantize x", "'x'"),
            ("tokenize", "needs a model"),
            ("tokenize a b", "'b'"),
        ] {
            let error = parsed(line).unwrap_err();
            assert!(error.contains(word) && !error.contains('\n'), "{line}: {error}");
        }
    }
}
