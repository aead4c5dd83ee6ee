//! What tells series from each other, and what they have in common.

use crate::numbers;
use slm_decide::history::Series;
use slm_plan::text::clean;
use std::collections::BTreeSet;

/// A part of a setup in words; empty where it is not known.
type Part = fn(&Series) -> String;

/// Device, engine, quantization, weights, variant and threads.
const PARTS: [Part; 6] = [
    |series| series.key.cell.device.clone(),
    |series| series.key.cell.backend.clone(),
    |series| series.key.cell.quant.clone(),
    |series| format!("{} weights", series.key.cell.weights),
    |series| series.key.cell.variant.as_ref().map_or(String::new(), |label| format!("variant {label}")),
    |series| series.key.threads.map_or(String::new(), |n| numbers::count(n as usize, "thread")),
];

/// How some series are named together: short where nothing needs telling apart.
pub(super) struct Naming {
    telling: Vec<Part>,
    common: Vec<String>,
}

impl Naming {
    /// Of the series that stand together.
    pub(super) fn of<'a>(series: &(impl Iterator<Item = &'a Series> + Clone)) -> Self {
        let mut naming = Self { telling: Vec::new(), common: Vec::new() };
        for part in PARTS {
            let all: BTreeSet<String> = series.clone().map(part).collect();
            if all.len() > 1 {
                naming.telling.push(part);
            } else {
                naming.common.extend(all.into_iter().filter(|part| !part.is_empty()));
            }
        }
        naming
    }

    /// What all of them have in common: `phone · llama.cpp · q4_0`.
    pub(super) fn common(&self) -> String {
        clean(&self.common.join(" · "))
    }

    /// A series' cell, and what tells it from the others: `slimlm-125m at 2 chunks · phone-a`.
    pub(super) fn cell(&self, series: &Series) -> String {
        std::iter::once(cell(series)).chain(self.telling(series)).collect::<Vec<_>>().join(" · ")
    }

    /// What tells a series from others with its cell: `phone-a`, `4 threads`.
    pub(super) fn telling(&self, series: &Series) -> Option<String> {
        let parts = self.telling.iter().map(|part| part(series)).filter(|part| !part.is_empty());
        let parts: Vec<String> = parts.map(|part| clean(&part)).collect();
        (!parts.is_empty()).then(|| parts.join(" · "))
    }
}

/// What a group of series has in common, in full: device, engine, quantization, weights, threads.
pub(super) fn setup(series: &Series) -> String {
    let parts = PARTS.iter().map(|part| part(series)).filter(|part| !part.is_empty());
    clean(&parts.collect::<Vec<_>>().join(", "))
}

/// A cell within its setup.
pub(super) fn cell(series: &Series) -> String {
    clean(&format!("{} at {}", series.key.cell.model, series.key.cell.context))
}
