//! Models that were measured in several quantizations, each as one study.

use crate::data::{Measured, ReportData, Subject};
use std::collections::BTreeSet;

/// A model in several quantizations, on one device with one engine.
pub(crate) struct Study {
    /// Its subjects, as they were measured; two or more, of different types.
    pub(crate) subjects: Vec<usize>,
}

/// All studies, in the order of their first subjects.
pub(crate) fn studies(data: &ReportData) -> Vec<Study> {
    let mut studies: Vec<Study> = Vec::new();
    for (index, subject) in data.subjects.iter().enumerate() {
        match studies.iter_mut().find(|study| is_same_model(&data.subjects[study.subjects[0]], subject)) {
            Some(study) => study.subjects.push(index),
            None => studies.push(Study { subjects: vec![index] }),
        }
    }
    let types =
        |study: &Study| study.subjects.iter().map(|&i| &data.subjects[i].quant).collect::<BTreeSet<_>>();
    studies.retain(|study| types(study).len() > 1);
    studies
}

fn is_same_model(one: &Subject, other: &Subject) -> bool {
    let key = |subject: &Subject| {
        let Subject { device, backend, model, weights, .. } = subject;
        (subject.run, device.clone(), backend.clone(), model.clone(), weights.clone())
    };
    key(one) == key(other)
}

impl Study {
    /// The name of its model, with what distinguishes it from other studies.
    pub(crate) fn name(&self, data: &ReportData) -> String {
        let first = &data.subjects[self.subjects[0]];
        // A label is the model, then what distinguishes it, the type included.
        let parts = first.label.split(" · ").filter(|part| *part != first.quant);
        parts.collect::<Vec<_>>().join(" · ")
    }
}

/// Bits that a parameter takes, by the engine's own report of what it loaded, else by the plan.
pub(crate) fn bits_per_weight(data: &ReportData, subject: &Subject) -> Option<f64> {
    let loaded = subject.ready.as_ref().map(|ready| &ready.model).filter(|loaded| loaded.n_params > 0);
    let planned = || data.planned(subject)?.bits_per_weight;
    loaded
        .map(|loaded| 8.0 * loaded.size as f64 / loaded.n_params as f64)
        .filter(|bits| *bits > 0.0)
        .or_else(planned)
}

/// Time to the first token, milliseconds, with the ends of its interval.
pub(crate) fn first_token_ms(measured: &Measured) -> Option<(f64, Option<(f64, f64)>)> {
    let ttft = measured.cell.ttft_s?;
    Some((1e3 * ttft.mean, ttft.interval.map(|interval| (1e3 * interval.low, 1e3 * interval.high))))
}

/// Time for each further token, milliseconds: the inverse of the mean decode speed.
pub(crate) fn decode_ms(measured: &Measured) -> Option<(f64, Option<(f64, f64)>)> {
    let otps = measured.cell.otps?;
    Some((1e3 / otps.mean, otps.interval.map(|interval| (1e3 / interval.high, 1e3 / interval.low))))
}
