//! What failed, and what is not to be trusted.

use crate::report::{
    model::Model,
    table::{Field, Table},
    words,
};

/// One row for each cell and cause.
pub(crate) fn failures(model: &Model) -> Table {
    let mut table = Table::new(&["Model", "Context", "Cause", "#Trials", "Evidence"]);
    for measured in &model.cells {
        for (failure, tally) in &measured.failures {
            table.push(vec![
                Field::text(&model.subjects[measured.subject].label),
                Field::text(words::context(measured.cell.key.context)),
                Field::text(failure.name()),
                Field::shown(tally.count.to_string(), tally.count as f64),
                Field::text(&tally.example),
            ]);
        }
    }
    table
}

/// Reasons of suspect and throttled trials, the commonest first.
pub(crate) fn doubts(model: &Model) -> Table {
    let mut table = Table::new(&["Reason, the first one's words", "#Trials"]);
    let mut tallies: Vec<_> = model.runs.iter().flat_map(|run| run.doubts.values()).collect();
    tallies.sort_by_key(|tally| std::cmp::Reverse(tally.count));
    for tally in tallies.into_iter().take(20) {
        table.push(vec![
            Field::text(&tally.example),
            Field::shown(tally.count.to_string(), tally.count as f64),
        ]);
    }
    table
}
