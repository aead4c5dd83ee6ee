//! The table at the end of a sweep, in the form of the paper's Table 1: one group
//! per context length, and the paper's own figures beside ours.

use crate::numbers::count;
use slm_plan::{
    Cell, Plan, Weights, model_name,
    prompts::Context,
    text::{clean, columns, figure},
};
use slm_protocol::EngineKind;
use slm_results::schema::{SummaryRow, TrialRow, VarianceRow};
use slm_stats::median;
use std::collections::BTreeSet;

/// A table for each device, one below the other.
pub fn sweep_tables(plan: &Plan, summary: &[(Cell, &SummaryRow)], paper: &[SummaryRow]) -> String {
    let devices = &plan.input.devices;
    let conditions = conditions(plan);
    if let [device] = &devices[..] {
        return format!("{}, {conditions}\n\n{}", clean(device), sweep_table(plan, summary, paper));
    }
    let table = |device: &String| {
        let own: Vec<_> = summary.iter().filter(|(_, row)| row.device == *device).copied().collect();
        let soc = own.iter().find_map(|(_, row)| row.soc.as_deref());
        let soc = soc.map(|soc| format!(" ({})", clean(soc))).unwrap_or_default();
        format!("{}{soc}\n{}", clean(device), sweep_table(plan, &own, paper))
    };
    format!("{conditions}\n\n{}", devices.iter().map(table).collect::<Vec<_>>().join("\n"))
}

/// What holds for all figures of the table.
fn conditions(plan: &Plan) -> String {
    let input = &plan.input;
    let engines: Vec<&str> = input.engines().into_iter().map(Into::into).collect();
    let quants: BTreeSet<String> = input.models.iter().map(|model| clean(&model.quant)).collect();
    let threads = match input.options.threads {
        Some(threads) => count(threads as usize, "thread"),
        None if input.options.calibrate_threads => "threads calibrated".to_owned(),
        None => "threads by each device's cores".to_owned(),
    };
    let quants: Vec<String> = quants.into_iter().collect();
    let warmups = count(input.warmups as usize, "warm-up");
    format!(
        "{}, {}, {threads}, {} with {warmups} of each length",
        engines.join(" and "),
        quants.join(" and "),
        count(input.runs as usize, "run")
    )
}

/// The table of one device as text. `paper` holds the paper's rows, in the form of a summary.
fn sweep_table(plan: &Plan, summary: &[(Cell, &SummaryRow)], paper: &[SummaryRow]) -> String {
    let header = ["", "ITPS (t/s)", "OTPS (t/s)", "TTFT (s)", "Runtime (s)", "valid"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    let mut contexts: Vec<Context> = summary.iter().map(|(cell, _)| cell.context).collect();
    contexts.sort_unstable();
    contexts.dedup();
    let mut notes = Notes { one_run: plan.input.runs == 1, ..Notes::default() };
    for (index, context) in contexts.into_iter().enumerate() {
        rows.push(vec![String::new()]);
        rows.push(vec![heading(index, context, plan, summary)]);
        for (cell, row) in summary.iter().filter(|(cell, _)| cell.context == context) {
            rows.push(our_row(plan, cell, row, &mut notes));
            let theirs =
                paper.iter().find(|theirs| same_cell(theirs, row) && plan.input.prompt_set.is_none());
            // Once, beneath the last of a model's quantizations.
            let last = plan.input.models.iter().rposition(|other| other.name == row.model);
            rows.extend(theirs.filter(|_| last == Some(cell.model)).map(|theirs| {
                notes.paper = true;
                paper_row(theirs)
            }));
        }
    }
    columns(&rows) + &notes.text()
}

/// Marks that were used, explained below the table.
#[expect(clippy::struct_excessive_bools, reason = "one for each mark")]
#[derive(Default)]
struct Notes {
    synthetic: bool,
    none_valid: bool,
    paper: bool,
    interval: bool,
    one_run: bool,
    mlc: bool,
}

impl Notes {
    fn text(&self) -> String {
        let lines = [
            (
                self.interval,
                "± half of the 95 % interval of the mean over these prompts, from what differs between runs",
            ),
            (
                self.one_run,
                "one run has no interval: another run may differ by some percent; --runs 5 tells by how much",
            ),
            (self.synthetic, "*  synthetic weights: the exact shape, random values"),
            (self.none_valid, "!  no valid trial, so no figures; see verdict_reason in trials.csv"),
            (
                self.paper,
                "†  SlimLM paper, Table 1: Galaxy S24, one early MLC build, trained weights, outputs of unset length",
            ),
            (
                self.mlc,
                "MLC-LLM gives text, not tokens: its ITPS and OTPS are not known; its own figures are in \
                 figures.csv",
            ),
        ];
        let used: Vec<&str> = lines.iter().filter(|(used, _)| *used).map(|(_, text)| *text).collect();
        if used.is_empty() { String::new() } else { format!("\n{}\n", used.join("\n")) }
    }
}

fn heading(index: usize, context: Context, plan: &Plan, summary: &[(Cell, &SummaryRow)]) -> String {
    let letter = char::from(b'a' + u8::try_from(index).unwrap_or(25).min(25));
    let rows = summary.iter().filter(|(cell, _)| cell.context == context);
    let counts: Vec<f64> = rows.filter_map(|(_, row)| row.n_in).collect();
    let range = counts.iter().copied().fold((f64::MAX, f64::MIN), |(low, high), n| (low.min(n), high.max(n)));
    let tokens = match counts.len() {
        0 => String::new(),
        _ if (range.0.round() - range.1.round()).abs() < 0.5 => format!(", {:.0} tokens in", range.0),
        _ => format!(", {:.0} to {:.0} tokens in", range.0, range.1),
    };
    let is_docassist = plan.input.prompt_set.as_deref() == Some("docassist");
    match context {
        Context::Chunks(0) if is_docassist => format!("({letter}) task without a document{tokens}"),
        Context::Chunks(1) if is_docassist => format!("({letter}) task on 1 chunk{tokens}"),
        Context::Chunks(k) if is_docassist => format!("({letter}) task on {k} chunks{tokens}"),
        Context::Chunks(0) => format!("({letter}) question alone{tokens}"),
        Context::Chunks(1) => format!("({letter}) request and 1 chunk{tokens}"),
        Context::Chunks(k) => format!("({letter}) request and {k} chunks{tokens}"),
        Context::Tokens(1) => format!("({letter}) prompt of 1 token"),
        Context::Tokens(n) => format!("({letter}) prompt of {n} tokens"),
    }
}

fn our_row(plan: &Plan, cell: &Cell, row: &SummaryRow, notes: &mut Notes) -> Vec<String> {
    let mut name = model_name(plan, &row.model, &row.quant, &row.backend);
    if plan.input.models[cell.model].weights == Weights::Synthetic {
        notes.synthetic = true;
        name.push_str(" *");
    }
    let (planned, valid) = (row.n_planned.unwrap_or(0), row.n_valid.unwrap_or(0));
    if row.n_completed == Some(0) {
        let cause = row.failure.map_or("not run", |failure| failure.into_str());
        let dash = || "-".to_owned();
        return vec![name, dash(), dash(), dash(), dash(), format!("{cause} 0/{planned}")];
    }
    notes.mlc |= row.backend == EngineKind::MlcLlm.into_str();
    let mark = if valid == 0 { "! " } else { "" };
    notes.none_valid |= valid == 0;
    let mut cell = |mean: Option<f64>, low: Option<f64>, high: Option<f64>| match (mean, low, high) {
        (Some(mean), Some(low), Some(high)) => {
            notes.interval = true;
            format!("{} ±{:.1} %", figure(mean), 50.0 * (high - low) / mean)
        }
        (Some(mean), ..) => figure(mean),
        _ => "-".into(),
    };
    vec![
        name,
        cell(row.itps, row.itps_ci_low, row.itps_ci_high),
        cell(row.otps, row.otps_ci_low, row.otps_ci_high),
        cell(row.ttft_s, row.ttft_s_ci_low, row.ttft_s_ci_high),
        cell(row.runtime_s, row.runtime_s_ci_low, row.runtime_s_ci_high),
        format!("{mark}{valid}/{planned}"),
    ]
}

fn paper_row(row: &SummaryRow) -> Vec<String> {
    // The paper's own digits.
    let number = |value: Option<f64>| value.map_or_else(|| "-".into(), |value| format!("{value:.2}"));
    let name = "  in the paper †".to_owned();
    vec![name, number(row.itps), number(row.otps), number(row.ttft_s), number(row.runtime_s), String::new()]
}

fn same_cell(theirs: &SummaryRow, ours: &SummaryRow) -> bool {
    theirs.model == ours.model && theirs.chunks.is_some() && theirs.chunks == ours.chunks
}

/// What figures vary with, in one line; nothing where there was one run.
pub fn variances<'a>(rows: impl Iterator<Item = &'a VarianceRow>) -> String {
    let rows: Vec<&VarianceRow> = rows.collect();
    let between = |metric: &str| {
        let own = rows.iter().filter(|row| row.metric == metric);
        median(&own.filter_map(|row| row.sd_runs).collect::<Vec<_>>())
    };
    let (Some(ttft), Some(otps)) = (between("ttft_s"), between("otps")) else { return String::new() };
    let halve: Vec<f64> = rows.iter().filter_map(|row| row.runs_to_halve).map(f64::from).collect();
    let halve =
        median(&halve).map_or_else(String::new, |runs| format!("; {runs:.0} runs would halve the intervals"));
    format!(
        "\nRuns differ by {:.1} % in TTFT and {:.1} % in OTPS (median over cells){halve}\n",
        100.0 * ttft,
        100.0 * otps
    )
}

/// One line for each kind of failure: how many trials, and the first one's evidence.
pub fn failures<'a>(plan: &Plan, rows: impl Iterator<Item = &'a TrialRow>) -> String {
    let mut kinds: Vec<(String, usize, String)> = Vec::new();
    for row in rows {
        let Some(failure) = row.failure else { continue };
        let place =
            if plan.input.devices.len() > 1 { format!("{}, ", clean(&row.device)) } else { String::new() };
        let key = format!("{place}{}: {failure}", model_name(plan, &row.model, &row.quant, &row.backend));
        match kinds.iter_mut().find(|(kind, ..)| *kind == key) {
            Some((_, count, _)) => *count += 1,
            None => kinds.push((key, 1, clean(row.verdict_reason.as_deref().unwrap_or_default()))),
        }
    }
    let line = |(kind, count, evidence): (String, usize, String)| {
        let trials = if count == 1 { "trial" } else { "trials" };
        format!("{kind}, {count} {trials}: {evidence}\n")
    };
    kinds.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use slm_protocol::Failure;
    use slm_results::{
        analysis::{Circumstances, Evidence, failed_row},
        schema::Status,
    };
    use slm_testkit::plan::plan_input as input;

    #[test]
    fn failures_of_two_quantizations_are_told_apart() {
        let mut input = input(2, &[1], 1, 1);
        input.models[1].name = input.models[0].name.clone();
        (input.models[0].quant, input.models[1].quant) = ("q4_0".into(), "f16".into());
        let name = input.models[0].name.clone();
        let plan = Plan::new(input).unwrap();
        let evidence = Evidence::default();
        let of = || Circumstances::new("local", &evidence);
        let row = |model| {
            let trial = plan.trials.iter().find(|trial| trial.model == model).unwrap();
            failed_row(&plan, trial, of(), Status::Failed, Failure::OutOfMemory, "signal 9")
        };
        let rows = [row(0), row(1), row(1)];
        let expected = format!(
            "{name} q4_0: out-of-memory, 1 trial: signal 9\n{name} f16: out-of-memory, 2 trials: signal 9\n"
        );
        assert_eq!(failures(&plan, rows.iter()), expected);
    }
}
