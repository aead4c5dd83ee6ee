//! The verdicts of all ratios of a comparison together.

use super::{Noise, Row, Verdict, verdict::LEVEL, verdict::verdict};
use slm_results::read::Metric;
use slm_stats::holm;
use std::collections::BTreeMap;

/// Tests every ratio with its noise as a further error, corrects all p values together and decides. Rows that were
/// refused get no verdicts. Returns how many were tested.
pub(super) fn judge(rows: &mut [Row], noise: &BTreeMap<Metric, Noise>) -> usize {
    for row in rows.iter_mut().filter(|row| row.refusal.is_some()) {
        for ratio in &mut row.ratios {
            ratio.verdict = Verdict::Refused;
        }
    }
    let allowed = rows.iter_mut().filter(|row| row.refusal.is_none());
    let mut tested: Vec<_> = allowed
        .flat_map(|row| &mut row.ratios)
        .filter_map(|ratio| {
            let (difference, noise) = (ratio.difference?, *noise.get(&ratio.metric)?);
            Some((ratio, difference.widened(noise.deviation(), noise.freedom), noise.value))
        })
        .collect();
    let p: Vec<f64> = tested.iter().map(|(_, difference, _)| difference.p()).collect();
    let strictest = LEVEL / p.len().max(1) as f64;
    for (((ratio, difference, noise), adjusted), p) in tested.iter_mut().zip(holm(&p)).zip(&p) {
        ratio.p = Some(*p);
        ratio.p_adjusted = Some(adjusted);
        ratio.detectable = Some(difference.reach(strictest).exp_m1());
        if let Some(interval) = ratio.interval {
            ratio.verdict = verdict(ratio.metric, ratio.ratio, interval, adjusted, *noise);
        }
    }
    p.len()
}
