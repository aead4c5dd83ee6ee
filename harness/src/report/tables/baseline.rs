//! The figures beside a baseline's: plain ratios. What of it is more than noise,
//! `bench compare` tells.

use crate::{
    report::{
        model::{Baseline, Model},
        table::{Field, Table},
        words,
    },
    results::{Cell, Metric},
    show::figure,
};
use std::collections::BTreeSet;

/// One row for each cell that both have, matched by model name and context.
pub(crate) fn baseline(model: &Model, baseline: &Baseline) -> Table {
    let mut table =
        Table::new(&["Model", "Context", "#ITPS ×", "#OTPS ×", "#TTFT ×", "#Runtime ×", "#Memory ×"]);
    for measured in &model.cells {
        let key = &measured.cell.key;
        let same = |theirs: &&Cell| theirs.key.model == key.model && theirs.key.context == key.context;
        let Some(theirs) = baseline.cells.iter().find(same) else { continue };
        let mut row = vec![
            Field::text(&model.subjects[measured.subject].label),
            Field::text(words::context(key.context)),
        ];
        row.extend(Metric::ALL.map(|metric| ratio(&measured.cell, theirs, metric)));
        table.push(row);
    }
    table.notes.push(format!(
        "Ours divided by {}; under each ratio both figures. Rates above 1 and times below 1 are better. Ratios alone \
         do not tell a change from noise: bench compare does.",
        baseline.name
    ));
    table.notes.extend(differences(model, baseline));
    table
}

fn ratio(ours: &Cell, theirs: &Cell, metric: Metric) -> Field {
    match (ours.estimate(metric), theirs.estimate(metric)) {
        (Some(ours), Some(theirs)) => Field {
            note: format!("{} : {}", figure(ours.mean), figure(theirs.mean)),
            ..Field::number(Some(ours.mean / theirs.mean))
        },
        _ => Field::number(None),
    }
}

/// In what else the two differ, one sentence each.
fn differences(model: &Model, baseline: &Baseline) -> Vec<String> {
    let mut sentences = Vec::new();
    for (what, pick) in [
        ("Devices", (|cell: &Cell| cell.key.device.clone()) as fn(&Cell) -> String),
        ("Engines", |cell| cell.key.backend.clone()),
        ("Weight types", |cell| cell.key.quant.clone()),
        ("Weights", |cell| cell.key.weights.clone()),
        ("SoCs", |cell| cell.soc.clone().unwrap_or_else(|| "unknown".into())),
    ] {
        let ours: BTreeSet<String> = model.cells.iter().map(|measured| pick(&measured.cell)).collect();
        let theirs: BTreeSet<String> = baseline.cells.iter().map(pick).collect();
        if ours != theirs {
            let list = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>().join(", ");
            sentences.push(format!("{what} differ: {} here, {} there.", list(ours), list(theirs)));
        }
    }
    sentences
}
