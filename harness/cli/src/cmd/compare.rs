//! `bench compare`: two sets of figures compared.

use super::Outcome;
use crate::{
    args::{CompareArgs, CompareOutput},
    show::{data, note},
};
use slm_decide::compare::{Gate, NoiseChoice, Options, Side, compare, llama_bench};
use slm_plan::error::{Error, Result};
use slm_report::compare::{json, markdown, text};

/// Runs the command.
pub(super) fn run(args: &CompareArgs) -> Result<Outcome> {
    let (theirs, ours) = args.backends.clone().unzip();
    let baseline = Side::read_of(&args.baseline, theirs.as_deref())?;
    let candidate = Side::read_of(&args.candidate, ours.as_deref())?;
    let options = Options {
        noise: args.noise.map_or(NoiseChoice::Assumed, NoiseChoice::Given),
        map: args.map.iter().cloned().collect(),
        against_all: args.against_all,
        across: args.across.iter().copied().collect(),
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
    if !args.fail_on_regression {
        return Ok(Outcome::Done);
    }
    let reasons = Gate::from(args.gate).reasons(&comparison);
    for reason in &reasons {
        note(&format!("bench: the gate fails: {reason}"));
    }
    Ok(if reasons.is_empty() { Outcome::Done } else { Outcome::Regressed })
}
