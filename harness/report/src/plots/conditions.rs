//! The line under a plot's title: on what its figures were measured.

use crate::{
    data::{ReportData, Subject},
    draw::{
        font,
        scene::{SMALL, WIDTH},
    },
    names,
};
use std::collections::BTreeSet;

/// Device, engine, weights and threads of all figures in one line.
pub(super) fn conditions(data: &ReportData) -> String {
    conditions_of(data.subjects.iter())
}

/// The same of some subjects. SoCs are left out where the line would be too long
/// for a plot: the report names them elsewhere.
pub(super) fn conditions_of<'a>(subjects: impl Iterator<Item = &'a Subject>) -> String {
    let subjects: Vec<&Subject> = subjects.collect();
    let each = |pick: &dyn Fn(&Subject) -> Option<String>| {
        let all: BTreeSet<String> = subjects.iter().copied().filter_map(pick).collect();
        all.into_iter().collect::<Vec<_>>().join(", ")
    };
    let threads = each(&|subject| subject.threads.map(|n| n.to_string()));
    let threads = match threads.as_str() {
        "" => String::new(),
        "1" => "1 thread".into(),
        n => format!("{n} threads"),
    };
    let synthetic = subjects.iter().filter(|subject| subject.weights == "synthetic").count();
    let weights = match synthetic {
        0 => "",
        n if n == subjects.len() => "synthetic weights",
        _ => "some weights synthetic",
    };
    let quant = each(&|subject| Some(subject.quant.clone()));
    let backend = each(&|subject| Some(subject.backend.clone()));
    let line = |devices: &str| {
        let parts = [devices, &backend, &quant, weights, &threads];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    };
    let full = line(&names::devices(subjects.iter().copied()));
    let fits = font::width(&full, SMALL) <= WIDTH - 24.0;
    if fits { full } else { line(&each(&|subject| Some(subject.device.clone()))) }
}
