//! The table in the form of the paper's Table 1, with intervals and the paper's
//! own figures.

use super::section::Section;
use crate::{
    data::{Measured, ReportData},
    numbers,
    table::{Field, Table},
};
use slm_decide::baseline::slimlm_s24_cells;
use slm_results::read::{Cell, Context, Metric};

const METRICS: [Metric; 4] = [Metric::Itps, Metric::Otps, Metric::Ttft, Metric::Runtime];

/// The section.
pub(super) fn section(data: &ReportData) -> Section {
    Section::new("figures", "Figures").table("", table(data, &slimlm_s24_cells()))
}

/// One group for each context length. `paper` holds the paper's cells.
fn table(data: &ReportData, paper: &[Cell]) -> Table {
    let mut table = Table::new(&[
        "Model",
        "#Parameters",
        "#ITPS (tokens/s)",
        "#OTPS (tokens/s)",
        "#TTFT (s)",
        "#Runtime (s)",
        "#Valid trials",
    ]);
    let mut notes = [false; 4];
    for (index, context) in data.contexts().into_iter().enumerate() {
        table.group(heading(data, index, context));
        for measured in data.cells.iter().filter(|measured| measured.cell.key.context == context) {
            // Other prompts than the study's have no partner in the paper.
            let run = data.subjects[measured.subject].run;
            let is_study = data.runs[run].manifest.plan.input.prompt_set.is_none();
            let theirs = paper.iter().find(|cell| is_study && is_same(cell, &measured.cell));
            table.push(row(data, measured, theirs, &mut notes));
        }
    }
    let texts = [
        "In parentheses: the 95 % interval of the mean over these prompts, from what differs between runs.",
        "* synthetic weights: the exact shape, random values.",
        "! no valid trial, so no figures.",
        "† SlimLM paper, Table 1: Galaxy S24, one early MLC build, trained weights, outputs of unset length. Another \
         device and engine: shown for orientation, not for comparison.",
    ];
    table.notes =
        notes.iter().zip(texts).filter(|(used, _)| **used).map(|(_, text)| text.to_owned()).collect();
    table
}

fn heading(data: &ReportData, index: usize, context: Context) -> String {
    let letter = char::from(b'a' + u8::try_from(index).unwrap_or(25).min(25));
    let counts: Vec<f64> = data
        .cells
        .iter()
        .filter(|measured| measured.cell.key.context == context)
        .filter_map(|measured| measured.cell.n_in)
        .collect();
    let (low, high) = counts.iter().fold((f64::MAX, 0.0f64), |(low, high), n| (low.min(*n), high.max(*n)));
    let tokens = match counts.len() {
        0 => String::new(),
        _ if (high.round() - low.round()).abs() < 0.5 => format!(", {low:.0} tokens in"),
        _ => format!(", {low:.0} to {high:.0} tokens in"),
    };
    let name = match context {
        Context::Chunks(0) => "question alone".into(),
        Context::Chunks(1) => "request and 1 chunk".into(),
        Context::Chunks(k) => format!("request and {k} chunks"),
        Context::Tokens(_) => return format!("({letter}) prompt of {context}"),
    };
    format!("({letter}) {name}{tokens}")
}

fn row(data: &ReportData, measured: &Measured, theirs: Option<&Cell>, notes: &mut [bool; 4]) -> Vec<Field> {
    let subject = &data.subjects[measured.subject];
    let cell = &measured.cell;
    let mut name = subject.label.clone();
    if subject.weights == "synthetic" {
        notes[1] = true;
        name.push_str("\u{a0}*");
    }
    let mut fields = vec![Field::text(name), Field::params(subject.params)];
    for metric in METRICS {
        let mut field = Field::number(cell.estimate(metric).map(|estimate| estimate.mean));
        if let Some(interval) = cell.estimate(metric).and_then(|estimate| estimate.interval) {
            notes[0] = true;
            field.aside = format!("({})", numbers::span(interval));
        }
        if let Some(theirs) = theirs.and_then(|cell| cell.estimate(metric)) {
            notes[3] = true;
            field.note = format!("{:.2} †", theirs.mean);
        }
        fields.push(field);
    }
    let (planned, valid) = (cell.n_planned.unwrap_or(0), cell.n_valid.unwrap_or(0));
    let mark = if measured.is_doubtful() { "! " } else { "" };
    notes[2] |= measured.is_doubtful();
    let mut count = Field::shown(format!("{mark}{valid} of {planned}"), f64::from(valid));
    if cell.n_completed == Some(0) {
        count.note = cell.failure.map_or("not run", Into::into).into();
    }
    fields.push(count);
    fields
}

fn is_same(theirs: &Cell, ours: &Cell) -> bool {
    theirs.key.model == ours.key.model
        && theirs.key.context == ours.key.context
        && matches!(ours.key.context, Context::Chunks(_))
}
