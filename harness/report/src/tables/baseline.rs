//! The figures beside a baseline's, with the verdicts of `bench compare`.

use crate::{words, model::{Baseline, Model}, table::{Field, Table}};
use slm_decide::compare::{Comparison, Ratio, Row};
use slm_plan::text::figure;
use slm_results::read::Metric;

/// One row for each pair of cells.
pub(crate) fn baseline(model: &Model, baseline: &Baseline) -> Table {
    let mut table =
        Table::new(&["Model", "Context", "#ITPS ×", "#OTPS ×", "#TTFT ×", "#Runtime ×", "#Memory ×"]);
    for (run, comparison) in compared(baseline) {
        for row in &comparison.rows {
            table.push(fields(model, run, row));
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

fn fields(model: &Model, run: usize, row: &Row) -> Vec<Field> {
    let key = &row.candidate.key;
    let subject = model.subjects.iter().find(|subject| {
        subject.run == run
            && subject.model == key.model
            && subject.quant == key.quant
            && subject.backend == key.backend
    });
    let mut name = Field::text(subject.map_or(&key.model, |subject| &subject.label));
    if row.baseline.key.model != key.model {
        name.note = format!("beside {}", row.baseline.key.model);
    }
    let mut fields = vec![name, Field::text(words::context(key.context))];
    fields.extend(Metric::ALL.map(|metric| {
        let ratio = row.ratios.iter().find(|ratio| ratio.metric == metric);
        ratio.map_or_else(|| Field::number(None), field)
    }));
    fields
}

fn field(ratio: &Ratio) -> Field {
    Field {
        aside: ratio.interval.map(|interval| format!("({})", words::span(interval))).unwrap_or_default(),
        note: format!("{} : {}, {}", figure(ratio.candidate), figure(ratio.baseline), ratio.verdict.name()),
        ..Field::number(Some(ratio.ratio))
    }
}

/// In what else the two differ, and which runs could not be compared.
pub(crate) fn differences(model: &Model, baseline: &Baseline) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    for warning in compared(baseline).flat_map(|(_, comparison)| &comparison.warnings) {
        let sentence = words::sentence(warning);
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    for (run, _) in baseline.runs.iter().enumerate().filter(|(_, comparison)| comparison.is_none()) {
        sentences.push(format!(
            "No cell of {} is in {} too: models are matched by name. bench compare pairs others with --map.",
            model.runs[run].id, baseline.name
        ));
    }
    sentences
}
