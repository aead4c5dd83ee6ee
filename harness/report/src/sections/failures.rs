//! Lost devices, failed trials, and trials that are suspect or throttled.

use super::section::Section;
use crate::{
    data::ReportData,
    names,
    table::{Field, Table},
};

/// Reasons that are shown at most.
const REASONS: usize = 20;

/// The section.
pub(super) fn section(data: &ReportData) -> Section {
    Section::new("failures", "Failed and suspect")
        .table("Lost devices", lost(data))
        .table("Failed or skipped trials", failures(data))
        .table("Suspect and throttled trials", doubts(data))
}

/// Lost devices, each time they were.
fn lost(data: &ReportData) -> Table {
    let mut table = Table::new(&["Device", "Lost at", "Evidence", "#Trials without a result"]);
    for (index, run) in data.runs.iter().enumerate() {
        for loss in &run.lost {
            let left = data.without_result(index, &loss.device);
            table.push(vec![
                Field::text(&loss.device),
                Field::text(&loss.at),
                Field::text(&loss.reason),
                Field::shown(left.to_string(), left as f64),
            ]);
        }
    }
    table.notes.push(
        "Without a result: in the end, over all runs of the sweep; `bench sweep --resume` measures them when the device \
         is back."
            .into(),
    );
    table
}

/// One row for each cell and cause.
fn failures(data: &ReportData) -> Table {
    let mut table = Table::new(&["Model", "Context", "Cause", "#Trials", "Evidence"]);
    for measured in &data.cells {
        for (failure, tally) in &measured.failures {
            table.push(vec![
                Field::text(&data.subjects[measured.subject].label),
                Field::text(names::context(measured.cell.key.context)),
                Field::text(failure.into_str()),
                Field::shown(tally.count.to_string(), tally.count as f64),
                Field::text(&tally.example),
            ]);
        }
    }
    table
}

/// Reasons of suspect and throttled trials, the most frequent first, with the device
/// where there are several.
fn doubts(data: &ReportData) -> Table {
    let several = data.devices().len() > 1;
    let titles = ["Reason, as first given", "#Trials", "Device"];
    let mut table = Table::new(if several { &titles } else { &titles[..2] });
    let mut tallies: Vec<_> = data.runs.iter().flat_map(|run| &run.doubts).collect();
    tallies.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.count));
    for ((device, _), tally) in tallies.into_iter().take(REASONS) {
        let mut row =
            vec![Field::text(&tally.example), Field::shown(tally.count.to_string(), tally.count as f64)];
        row.extend(several.then(|| Field::text(device)));
        table.push(row);
    }
    table
}
