//! Names of things in the report's words.

use super::model::{Model, Subject};
use slm_plan::text::figure;
use slm_results::read::{Context, Estimate};
use slm_stats::Interval;
use std::collections::{BTreeMap, BTreeSet};

/// A context length in a sentence: `4 chunks of context`, `a prompt of 200 tokens`.
pub(crate) fn context(context: Context) -> String {
    match context {
        Context::Chunks(0) => "a question alone".into(),
        Context::Chunks(1) => "1 chunk of context".into(),
        Context::Chunks(k) => format!("{k} chunks of context"),
        Context::Tokens(_) => format!("a prompt of {context}"),
        Context::Unknown => "an unknown context".into(),
    }
}

/// A context length under a bar.
pub(crate) fn context_short(context: Context) -> String {
    match context {
        Context::Chunks(k) => k.to_string(),
        Context::Tokens(n) => n.to_string(),
        Context::Unknown => "?".into(),
    }
}

/// What the numbers of [`context_short`] count.
pub(crate) fn context_unit(contexts: &[Context]) -> &'static str {
    let in_chunks = contexts.iter().any(|context| matches!(context, Context::Chunks(_)));
    if in_chunks { "chunks of context" } else { "prompt tokens" }
}

/// A mean with its interval: `12.3 s (11.9–12.8)`.
pub(crate) fn estimate(estimate: Estimate, unit: &str) -> String {
    let interval = estimate.interval.map(|interval| format!(" ({})", span(interval)));
    format!("{} {unit}{}", figure(estimate.mean), interval.unwrap_or_default())
}

/// An interval: `11.9–12.8`.
pub(crate) fn span(interval: Interval) -> String {
    format!("{}–{}", figure(interval.low), figure(interval.high))
}

/// Parameters: `125M`, `1.5B`.
pub(crate) fn params(params: u64) -> String {
    match params as f64 {
        p if p >= 9.95e9 => format!("{:.0}B", p / 1e9),
        p if p >= 1e9 => format!("{:.1}B", p / 1e9),
        p if p >= 1e6 => format!("{:.0}M", p / 1e6),
        p => format!("{p:.0}"),
    }
}

/// The devices of subjects with their SoCs, where those are known: `s24 (s5e9945), local`.
pub(crate) fn devices<'a>(subjects: impl Iterator<Item = &'a Subject>) -> String {
    // More than one SoC where devices of several runs have one name.
    let mut devices: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for subject in subjects {
        devices.entry(&subject.device).or_default().extend(subject.soc.as_deref());
    }
    let named = |(device, socs): (&str, BTreeSet<&str>)| match socs.len() {
        0 => device.to_owned(),
        _ => socs.iter().map(|soc| format!("{device} ({soc})")).collect::<Vec<_>>().join(", "),
    };
    devices.into_iter().map(named).collect::<Vec<_>>().join(", ")
}

/// How many models there are: each type of a model counts, its devices and runs do not.
pub(crate) fn models(model: &Model) -> usize {
    let key = |subject: &Subject| (subject.model.clone(), subject.quant.clone(), subject.weights.clone());
    model.subjects.iter().map(key).collect::<BTreeSet<_>>().len()
}

/// A count with its noun: `1 cell`, `3 cells`.
pub(crate) fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// A share in percent that says 0 and 100 only where they are exact.
pub(crate) fn percent(part: usize, whole: usize) -> String {
    match 100.0 * part as f64 / whole.max(1) as f64 {
        share if share > 0.0 && share < 1.0 => "under 1 %".into(),
        share if share > 99.0 && share < 100.0 => "over 99 %".into(),
        share => format!("{share:.0} %"),
    }
}

/// Seconds as typed: `10 s`, `2.5 s`.
pub(crate) fn budget(seconds: f64) -> String {
    format!("{} s", super::plot::label(seconds))
}

/// A remark as a sentence: a capital first, a full stop last.
pub(crate) fn sentence(remark: &str) -> String {
    let mut chars = remark.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}
