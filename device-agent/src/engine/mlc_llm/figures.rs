//! What the engine measured itself, under its own names.

use serde_json::Value;
use slm_protocol::{Figure, FigureScope};
use std::collections::BTreeMap;

/// Units by how a name ends; the longest ending first.
const UNITS: &[(&str, &str)] = &[("_tokens_per_s", "tokens/s"), ("_s", "s"), ("_tokens", "tokens")];

/// The part of a trial that a figure covers, by how its name begins.
const SCOPES: &[(&str, FigureScope)] = &[
    ("prefill", FigureScope::Prefill),
    ("ttft", FigureScope::Prefill),
    ("decode", FigureScope::Decode),
    ("jump_forward", FigureScope::Decode),
    ("inter_token", FigureScope::Decode),
];

/// The figures of a reply's usage. The engine writes 0 for a time or rate of something that
/// it did not do: that is left out.
pub(super) fn of(extra: &BTreeMap<String, Value>) -> Vec<Figure> {
    let figures = extra.iter().filter_map(|(name, value)| {
        let value = value.as_f64().filter(|value| value.is_finite())?;
        let unit = UNITS.iter().find(|(ending, _)| name.ends_with(ending)).map_or("1", |(_, unit)| unit);
        let is_measured = value > 0.0 || !matches!(unit, "s" | "tokens/s");
        let scope = SCOPES.iter().find(|(beginning, _)| name.starts_with(beginning));
        let scope = scope.map_or(FigureScope::Trial, |(_, scope)| *scope);
        is_measured.then(|| Figure { scope, name: name.clone(), value, unit: unit.to_owned() })
    });
    figures.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_the_engines_and_units_and_scopes_follow_from_them() {
        let extra = json!({
            "prefill_tokens": 9, "decode_tokens": 0, "prefill_tokens_per_s": 18.0, "decode_tokens_per_s": 0.0,
            "ttft_s": 0.5, "inter_token_latency_s": 0.25, "end_to_end_latency_s": 2.5, "batch": 1, "note": "x",
        });
        let extra = serde_json::from_value(extra).unwrap();
        let figures = of(&extra);
        let found: Vec<_> =
            figures.iter().map(|f| (f.name.as_str(), f.scope.into_str(), f.unit.as_str())).collect();
        assert_eq!(
            found,
            [
                ("batch", "trial", "1"),
                ("decode_tokens", "decode", "tokens"),
                ("end_to_end_latency_s", "trial", "s"),
                ("inter_token_latency_s", "decode", "s"),
                ("prefill_tokens", "prefill", "tokens"),
                ("prefill_tokens_per_s", "prefill", "tokens/s"),
                ("ttft_s", "prefill", "s"),
            ]
        );
    }
}
