//! What figures vary with: prompts, runs, trials.

use crate::{
    data::ReportData,
    names,
    table::{Field, Table},
};
use slm_results::{read::Context, schema::VarianceRow};

/// Standard deviations of TTFT and OTPS in each cell.
pub(super) fn table(data: &ReportData) -> Table {
    let mut table = Table::new(&[
        "Model",
        "Context",
        "Figure",
        "#Runs",
        "#Half of the interval",
        "#SD between prompts",
        "#SD between runs",
        "#SD of a trial",
        "#Runs to halve the interval",
    ]);
    for (run, row) in
        data.runs.iter().enumerate().flat_map(|(run, own)| own.variances.iter().map(move |row| (run, row)))
    {
        let name = match row.metric.as_str() {
            "ttft_s" => "TTFT",
            "otps" => "OTPS",
            _ => continue,
        };
        let Some(label) = label(data, run, row) else { continue };
        let context = match (row.chunks, row.prompt_tokens) {
            (Some(chunks), _) => Context::Chunks(chunks),
            (None, Some(tokens)) => Context::Tokens(tokens),
            (None, None) => continue,
        };
        let percent = |value: Option<f64>| {
            value.map_or_else(
                || Field::text("–"),
                |value| Field::shown(format!("{:.1} %", 100.0 * value), value),
            )
        };
        let count = |count: u32| Field::shown(count.to_string(), f64::from(count));
        table.push(vec![
            Field::text(label),
            Field::text(names::context(context)),
            Field::text(name),
            count(row.runs),
            percent(row.half_width),
            percent(row.sd_prompts),
            percent(row.sd_runs),
            percent(row.sd_trials),
            row.runs_to_halve.map_or_else(|| Field::text("–"), count),
        ]);
    }
    table.notes.push(
        "SD: standard deviation, relative. Between runs: beyond what the trials within them explain. Prompts differ in \
         length; the interval is about these prompts, so that their differences do not widen it."
            .into(),
    );
    table
}

fn label(data: &ReportData, run: usize, row: &VarianceRow) -> Option<String> {
    Some(data.subjects.iter().find(|subject| subject.is(run, row))?.label.clone())
}
