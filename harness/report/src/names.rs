//! Names of contexts and devices in the report's texts.

use crate::data::Subject;
use slm_results::read::Context;
use std::collections::{BTreeMap, BTreeSet};

/// A context length in a sentence: `4 chunks of context`, `a prompt of 200 tokens`.
pub(crate) fn context(context: Context) -> String {
    match context {
        Context::Chunks(0) => "a question alone".into(),
        Context::Chunks(1) => "1 chunk of context".into(),
        Context::Chunks(k) => format!("{k} chunks of context"),
        Context::Tokens(_) => format!("a prompt of {context}"),
    }
}

/// A context length under a bar.
pub(crate) fn context_short(context: Context) -> String {
    match context {
        Context::Chunks(k) => k.to_string(),
        Context::Tokens(n) => n.to_string(),
    }
}

/// What the numbers of [`context_short`] count.
pub(crate) fn context_unit(contexts: &[Context]) -> &'static str {
    let in_chunks = contexts.iter().any(|context| matches!(context, Context::Chunks(_)));
    if in_chunks { "chunks of context" } else { "prompt tokens" }
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
