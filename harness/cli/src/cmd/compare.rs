//! `bench compare`: two sets of figures compared.

use super::Outcome;
use crate::{
    args::{CompareArgs, CompareOutput},
    show::{data, note},
};
use slm_decide::compare::{Options, Side, compare, llama_bench};
use slm_plan::error::{Error, Result};
use slm_report::compare::{json, markdown, text};

/// Runs the command.
pub(super) fn run(args: &CompareArgs) -> Result<Outcome> {
    let (theirs, ours) = args.backends.clone().unzip();
    let baseline = Side::read_of(&args.baseline, theirs.as_deref())?;
    let candidate = Side::read_of(&args.candidate, ours.as_deref())?;
    let options = Options {
        noise: args.noise,
        map: args.map.iter().cloned().collect(),
        against_all: args.against_all,
        seed: args.seed,
    };
    let comparison = compare(&baseline, &candidate, &options)?;
    if let Some(file) = &args.export_llama_bench {
        let tests = llama_bench::write(&candidate, file)?;
        note(&format!("{tests} tests written to {}", file.display()));
    }
    match args.output {
        CompareOutput::Text => data(&text(&comparison)),
        CompareOutput::Markdown => data(&markdown(&comparison)),
        CompareOutput::Json => {
            let text = serde_json::to_string_pretty(&json(&comparison));
            data(&(text.map_err(|error| Error::Internal(error.to_string()))? + "\n"));
        }
    }
    Ok(if args.fail_on_regression && comparison.has_regressed() { Outcome::Regressed } else { Outcome::Done })
}
