//! Reading results folders into [`ReportData`].

mod answers;
mod blocks;
mod events;
mod telemetry;
mod tokens;
mod trials;

use crate::data::{Baseline, Measured, ReportData, Run, Subject};
use slm_decide::compare::{Options, Side, compare};
use slm_plan::error::{Error, Result};
use slm_results::{
    read::{Cell, Source, Summary, folder_name, rows},
    schema::VarianceRow,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Reads folders that `bench sweep` wrote, and a baseline to compare with.
///
/// # Errors
/// [`Error::Input`] that names the file and the remedy.
pub fn read(folders: &[PathBuf], baseline: Option<&Path>, budget_s: f64) -> Result<ReportData> {
    let mut data = ReportData { budget_s, ..ReportData::default() };
    for folder in folders {
        add_run(&mut data, folder)?;
    }
    if let Some(path) = baseline {
        data.baseline = Some(compared(folders, path)?);
    }
    data.name_subjects();
    Ok(data)
}

/// Compares each folder with the baseline. Nothing in common is no reason to refuse
/// the report.
fn compared(folders: &[PathBuf], baseline: &Path) -> Result<Baseline> {
    let theirs = Side::read(baseline)?;
    let mut runs = Vec::new();
    for folder in folders {
        let ours = Side::read(folder)?;
        // Without a --map, the only error is that no cell has a partner.
        runs.push(compare(&theirs, &ours, &Options::default()).ok());
    }
    Ok(Baseline { name: baseline.display().to_string(), runs })
}

fn add_run(data: &mut ReportData, folder: &Path) -> Result<()> {
    let summary = Summary::read(folder)?;
    let Source { manifest: Some(manifest), .. } = summary.source else {
        let what = format!("{} is not a results folder", folder.display());
        return Err(Error::input(
            what,
            "give a folder that `bench sweep` wrote; a CSV can be the --baseline",
        ));
    };
    let run = data.runs.len();
    data.runs.push(Run {
        id: folder_name(folder),
        commands: vec![manifest.command.clone()],
        manifest: *manifest,
        doubts: BTreeMap::new(),
        lost: Vec::new(),
        variances: rows::<VarianceRow>(folder)?.collect::<Result<_>>()?,
        moments: Vec::new(),
        sensors: Vec::new(),
        sampled: Vec::new(),
    });
    let first_subject = data.subjects.len();
    let first_cell = data.cells.len();
    for cell in summary.cells {
        add_cell(data, run, cell);
    }
    data.cells[first_cell..].sort_by_key(|measured| (measured.subject, measured.cell.key.context));
    let sampled = tokens::sample(folder, &mut data.runs[run].sampled)?;
    trials::read(data, run, (first_subject, first_cell), folder, sampled)?;
    data.runs[run].sensors = telemetry::read(folder, &mut data.runs[run].sampled)?;
    answers::read(data, run, folder)?;
    events::read(data, run, folder)
}

fn add_cell(data: &mut ReportData, run: usize, cell: Cell) {
    let key = &cell.key;
    let subject = data.subjects.iter().position(|subject| subject.is(run, key)).unwrap_or_else(|| {
        data.subjects.push(Subject {
            run,
            device: key.device.clone(),
            soc: cell.soc.clone(),
            backend: key.backend.clone(),
            model: key.model.clone(),
            weights: key.weights.clone(),
            quant: key.quant.clone(),
            variant: key.variant.clone(),
            params: cell.params,
            label: String::new(),
            ready: None,
            threads: None,
            loads_s: Vec::new(),
            answers: Vec::new(),
        });
        data.subjects.len() - 1
    });
    // Cells without a trial have none.
    let soc = &mut data.subjects[subject].soc;
    if soc.is_none() {
        soc.clone_from(&cell.soc);
    }
    data.cells.push(Measured {
        subject,
        cell,
        trials: Vec::new(),
        tpot_ms: None,
        tokens_ms: Vec::new(),
        own_figures: BTreeMap::new(),
        failures: BTreeMap::new(),
    });
}
