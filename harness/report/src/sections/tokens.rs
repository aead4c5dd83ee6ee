//! Latency between tokens.

use super::section::Section;
use crate::{
    data::ReportData,
    names, plots,
    table::{Field, Table},
};

/// The section.
pub(super) fn section(data: &ReportData) -> Section {
    Section::new("tokens", "Token by token").plots(plots::tokens::plot(data)).table("", table(data))
}

/// Time between output tokens of each cell.
fn table(data: &ReportData) -> Table {
    let mut table = Table::new(&["Model", "Context", "#p50 (ms)", "#p90 (ms)", "#p99 (ms)"]);
    for measured in &data.cells {
        let Some(tpot) = measured.tpot_ms else { continue };
        let mut row = vec![
            Field::text(&data.subjects[measured.subject].label),
            Field::text(names::context(measured.cell.key.context)),
        ];
        row.extend(tpot.map(|value| Field::number(Some(value))));
        table.push(row);
    }
    table.notes.push("Time between output tokens, the first left out: percentiles within each completed trial, their means over the trials.".into());
    table
}
