//! What two settings differ by in one block.

use slm_results::{read::Metric, schema::TrialRow};
use slm_stats::mean;
use std::collections::BTreeMap;

/// B - A in one metric on the scale of logarithms: the mean over the prompts of which both have valid
/// trials; `None` without any.
pub(super) fn difference(rows: &[&TrialRow], metric: Metric) -> Option<f64> {
    let mut prompts: BTreeMap<&str, [Vec<f64>; 2]> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_valid()) {
        let side = match row.variant.as_deref() {
            Some("a") => 0,
            Some("b") => 1,
            _ => continue,
        };
        if let Some(value) = metric.of_trial(row).filter(|value| *value > 0.0) {
            prompts.entry(&row.prompt_id).or_default()[side].push(value.ln());
        }
    }
    let differences: Vec<f64> = prompts.values().filter_map(|[a, b]| Some(mean(b)? - mean(a)?)).collect();
    mean(&differences)
}
