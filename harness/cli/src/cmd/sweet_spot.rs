//! `bench sweet-spot`: budgets in, answer out.

use super::Outcome;
use crate::{
    args::{OutputFormat, SweetSpotArgs},
    show::{data, note},
};
use slm_decide::{
    cost_model::LoadFit,
    sweet_spot::{Budgets, Quality, answers, groups, largest_size},
};
use slm_plan::error::{Error, Result};
use slm_report::sweet_spot::{json, text};
use slm_results::read::{Cell, Summary};

/// Runs the command.
pub(super) fn run(args: &SweetSpotArgs) -> Result<Outcome> {
    let budgets = Budgets {
        max_ttft: args.max_ttft,
        max_runtime: args.max_runtime,
        min_otps: args.min_otps,
        max_memory: args.max_memory,
        max_energy: args.max_energy,
    };
    if budgets.is_empty() {
        return Err(Error::input(
            "no budget is given",
            "give at least one, such as --max-ttft 10s or --min-otps 10",
        ));
    }
    let quality = args.quality.as_deref().map(Quality::read).transpose()?;
    let mut cells: Vec<Cell> = Vec::new();
    for source in &args.sources {
        let summary = Summary::read(source)?;
        load_note(&summary)?;
        cells.extend(summary.cells);
    }
    let mut groups = groups(&cells);
    if groups.is_empty() {
        return Err(Error::input(
            "no cell tells its model's parameters",
            "fill the column params of the summary",
        ));
    }
    let mut values = Vec::new();
    for (index, group) in groups.iter_mut().enumerate() {
        if let Some(tokens) = args.output_tokens {
            group.predict_for(tokens);
        }
        let answer = answers(group, &budgets, quality.as_ref());
        let size = args.prompt_tokens.and_then(|tokens| largest_size(group, &budgets, tokens));
        if args.prompt_tokens.is_some() && size.is_none() {
            note("too few cells to predict how large a model can be; measure two models or more");
        }
        if args.output.output == OutputFormat::Json {
            values.push(json(group, &budgets, &answer, size.as_ref()));
        } else {
            let between = if index > 0 { "\n" } else { "" };
            data(&format!("{between}{}", text(group, &budgets, &answer, size.as_ref(), quality.as_ref())));
        }
    }
    if args.output.output == OutputFormat::Json {
        let text = serde_json::to_string_pretty(&values);
        data(&(text.map_err(|error| Error::Internal(error.to_string()))? + "\n"));
    }
    Ok(Outcome::Done)
}

/// Loading is no part of an answer's time, but the first answer waits for it.
fn load_note(summary: &Summary) -> Result<()> {
    let Some(trials) = &summary.source.trials_csv else { return Ok(()) };
    let size = |params| summary.cells.iter().find(|cell| cell.params == Some(params))?.model_mib;
    let loads: Vec<(f64, f64)> = LoadFit::loads(trials)?
        .into_iter()
        .filter_map(|(params, seconds)| Some((size(params)? * 1_048_576.0, seconds)))
        .collect();
    if let Some(fit) = LoadFit::of(&loads) {
        let (gib, models) = (fit.seconds(1_073_741_824.0), fit.models);
        note(&format!(
            "{}: loading 1 GiB of weights takes about {gib:.2} s (from {models} models)",
            summary.source.path.display()
        ));
    }
    Ok(())
}
