//! The figures against a baseline's, with the verdicts of `bench compare`.

use super::section::Section;
use crate::{
    data::{Baseline, ReportData},
    names, numbers,
    table::{Field, Table},
};
use slm_decide::compare::{Comparison, Ratio, Row};
use slm_plan::text::figure;
use slm_results::read::Metric;

/// The section.
pub(super) fn section(data: &ReportData) -> Section {
    let section = Section::new("baseline", "Against the baseline");
    let Some(baseline) = &data.baseline else { return section };
    let mut section = section.table("", table(data, baseline));
    section.lead = differences(data, baseline);
    section
}

/// One row for each pair of cells.
fn table(data: &ReportData, baseline: &Baseline) -> Table {
    let mut table =
        Table::new(&["Model", "Context", "#ITPS ×", "#OTPS ×", "#TTFT ×", "#Runtime ×", "#Memory ×"]);
    for (run, comparison) in compared(baseline) {
        for row in &comparison.rows {
            table.push(fields(data, run, row));
        }
    }
    table.notes.push(format!(
        "Ours divided by {}, the ratio's 95 % interval in parentheses; below, both figures and the verdict. Rates \
         above 1 and times below 1 are better. Verdicts are corrected for the number of tests; docs/comparisons.md \
         says how.",
        baseline.name
    ));
    table
}

fn compared(baseline: &Baseline) -> impl Iterator<Item = (usize, &Comparison)> {
    let runs = baseline.runs.iter().enumerate();
    runs.filter_map(|(run, comparison)| Some((run, comparison.as_ref()?)))
}

fn fields(data: &ReportData, run: usize, row: &Row) -> Vec<Field> {
    let key = &row.candidate.key;
    let subject = data.subjects.iter().find(|subject| subject.is(run, key));
    let mut name = Field::text(subject.map_or(&key.model, |subject| &subject.label));
    if row.baseline.key.model != key.model {
        name.note = format!("against {}", row.baseline.key.model);
    }
    let mut fields = vec![name, Field::text(names::context(key.context))];
    fields.extend(Metric::ALL.map(|metric| {
        let ratio = row.ratios.iter().find(|ratio| ratio.metric == metric);
        ratio.map_or_else(|| Field::number(None), field)
    }));
    fields
}

fn field(ratio: &Ratio) -> Field {
    Field {
        aside: ratio.interval.map(|interval| format!("({})", numbers::span(interval))).unwrap_or_default(),
        note: format!(
            "{} : {}, {}",
            figure(ratio.candidate),
            figure(ratio.baseline),
            ratio.verdict.into_str()
        ),
        ..Field::number(Some(ratio.ratio))
    }
}

/// What else differs, and which runs could not be compared.
fn differences(data: &ReportData, baseline: &Baseline) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    for warning in compared(baseline).flat_map(|(_, comparison)| &comparison.warnings) {
        let sentence = sentence(warning);
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    for (run, _) in baseline.runs.iter().enumerate().filter(|(_, comparison)| comparison.is_none()) {
        sentences.push(format!(
            "No cell of {} is also in {}: models are matched by name; bench compare --map pairs others.",
            data.runs[run].id, baseline.name
        ));
    }
    sentences
}

/// A remark as a sentence: a capital first, a full stop last.
fn sentence(remark: &str) -> String {
    let mut chars = remark.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}
