//! Pairs of cells that must not be compared, since their settings differ.

use super::{Row, Setting, Side};
use std::collections::BTreeSet;
use strum::VariantArray;

/// Why a pair of cells gets no verdicts; `None` where they may be compared.
pub(super) fn refusal(
    baseline: &Side,
    candidate: &Side,
    row: &Row,
    allowed: &BTreeSet<Setting>,
) -> Option<String> {
    let differing =
        Setting::VARIANTS.iter().filter(|setting| !allowed.contains(setting)).filter_map(|&setting| {
            let theirs = baseline.values(&row.baseline.key, setting);
            let ours = candidate.values(&row.candidate.key, setting);
            let both_known = !theirs.is_empty() && !ours.is_empty();
            let list = |values: &BTreeSet<String>| values.iter().cloned().collect::<Vec<_>>().join(", ");
            (both_known && theirs != ours)
                .then(|| format!("{} {} against {}", setting.into_str(), list(&theirs), list(&ours)))
        });
    let differing: Vec<String> = differing.collect();
    (!differing.is_empty()).then(|| differing.join("; "))
}
