//! `bench history`: many sweeps over time.

use super::Outcome;
use crate::{
    args::{CompareOutput, HistoryArgs},
    show::{data, json as print_json, note},
};
use slm_decide::history::{History, Sweeps};
use slm_plan::{error::Result, text::clean};
use slm_report::history::{json, markdown, text, write};
use slm_results::read::Metric;

/// Runs the command.
pub(super) fn run(args: &HistoryArgs) -> Result<Outcome> {
    let metrics: Vec<Metric> = args.metric.iter().map(|&metric| metric.into()).collect();
    let history = History::of(Sweeps::read(&args.folders)?, &metrics);
    if let Some(folder) = &args.plot {
        let plots = write(&history, folder)?;
        note(&clean(&format!("{} plots written to {}", plots.len(), folder.display())));
    }
    match args.output {
        CompareOutput::Text => data(&text(&history)),
        CompareOutput::Markdown => data(&markdown(&history)),
        CompareOutput::Json => print_json(&json(&history))?,
    }
    Ok(Outcome::Done)
}
