//! The verdicts of all ratios of a comparison together.

use super::{Noise, Row, verdict::verdict};
use slm_results::read::Metric;
use slm_stats::holm;
use std::collections::BTreeMap;

/// Corrects all p values together and decides on each ratio. Returns how many
/// were tested.
pub(super) fn judge(rows: &mut [Row], noise: &BTreeMap<Metric, Noise>) -> usize {
    let mut tested: Vec<_> =
        rows.iter_mut().flat_map(|row| &mut row.ratios).filter(|ratio| ratio.p.is_some()).collect();
    let p: Vec<f64> = tested.iter().filter_map(|ratio| ratio.p).collect();
    for (ratio, adjusted) in tested.iter_mut().zip(holm(&p)) {
        ratio.p_adjusted = Some(adjusted);
        let noise = noise.get(&ratio.metric).map_or(0.0, |noise| noise.value);
        if let Some(interval) = ratio.interval {
            ratio.verdict = verdict(ratio.metric, ratio.ratio, interval, adjusted, noise);
        }
    }
    p.len()
}
