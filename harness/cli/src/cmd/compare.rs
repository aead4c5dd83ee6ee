//! `bench compare`: two sets of figures compared.

use super::Outcome;
use crate::{
    args::{CompareArgs, CompareOutput},
    show::{data, note},
};
use slm_decide::{
    compare::{Gate, Noise, NoiseChoice, Options, Side, compare, llama_bench},
    history::{History, Sweeps},
};
use slm_plan::{
    error::{Error, Result},
    text::clean,
};
use slm_report::compare::{json, markdown, text};
use std::collections::BTreeMap;

/// Degrees of freedom, one less than equal sweeps, below which chance alone would make the noise.
const LEAST_FREEDOM: usize = 4;

/// Runs the command.
pub(super) fn run(args: &CompareArgs) -> Result<Outcome> {
    let (theirs, ours) = args.backends.clone().unzip();
    let baseline = Side::read_of(&args.baseline, theirs.as_deref())?;
    let candidate = Side::read_of(&args.candidate, ours.as_deref())?;
    let options = Options {
        noise: noise(args)?,
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

/// Where it is known from what equal sweeps differ by.
fn noise(args: &CompareArgs) -> Result<NoiseChoice> {
    if args.history.is_empty() {
        return Ok(args.noise.map_or(NoiseChoice::Assumed, NoiseChoice::Given));
    }
    let sweeps = Sweeps::read(&args.history)?;
    for skipped in &sweeps.skipped {
        note(&clean(&format!(
            "bench: {} is left out of --history: {}",
            skipped.folder.display(),
            skipped.why
        )));
    }
    // What a sweep differs by it does in all its cells alike: many cells tell no more of it than one.
    let most = sweeps.sweeps.len().saturating_sub(1);
    let found: BTreeMap<_, _> = History::of(sweeps, &[])
        .spread()
        .into_iter()
        .map(|(metric, spread)| (metric, spread.deviation(), spread.freedom.min(most)))
        .filter(|(.., freedom)| *freedom >= LEAST_FREEDOM)
        .map(|(metric, deviation, freedom)| (metric, Noise::measured(deviation, freedom)))
        .collect();
    if found.is_empty() {
        let what = "--history: the folders hold too few equal sweeps to tell what those differ by";
        return Err(Error::input(what, "give at least five sweeps of one plan, or --noise"));
    }
    Ok(NoiseChoice::History(found))
}
