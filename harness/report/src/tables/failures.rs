//! What failed, and what is not to be trusted.

use crate::{words, model::Model, table::{Field, Table}};

/// Reasons that are shown at most.
const REASONS: usize = 20;

/// Devices that went away, each time they did.
pub(crate) fn lost(model: &Model) -> Table {
    let mut table = Table::new(&["Device", "Lost at", "What was seen", "#Trials without a result"]);
    for (index, run) in model.runs.iter().enumerate() {
        for loss in &run.lost {
            let left = model.without_result(index, &loss.device);
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
pub(crate) fn failures(model: &Model) -> Table {
    let mut table = Table::new(&["Model", "Context", "Cause", "#Trials", "Evidence"]);
    for measured in &model.cells {
        for (failure, tally) in &measured.failures {
            table.push(vec![
                Field::text(&model.subjects[measured.subject].label),
                Field::text(words::context(measured.cell.key.context)),
                Field::text(failure.into_str()),
                Field::shown(tally.count.to_string(), tally.count as f64),
                Field::text(&tally.example),
            ]);
        }
    }
    table
}

/// Reasons of suspect and throttled trials, the commonest first; of which device,
/// where there are several.
pub(crate) fn doubts(model: &Model) -> Table {
    let several = model.devices().len() > 1;
    let titles = ["Reason, the first one's words", "#Trials", "Device"];
    let mut table = Table::new(if several { &titles } else { &titles[..2] });
    let mut tallies: Vec<_> = model.runs.iter().flat_map(|run| &run.doubts).collect();
    tallies.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.count));
    for ((device, _), tally) in tallies.into_iter().take(REASONS) {
        let mut row =
            vec![Field::text(&tally.example), Field::shown(tally.count.to_string(), tally.count as f64)];
        row.extend(several.then(|| Field::text(device)));
        table.push(row);
    }
    table
}
