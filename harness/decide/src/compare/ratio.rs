//! The ratio of two cells in one metric, by the best evidence available.

use super::{CellTrials, Side, Verdict};
use slm_results::read::{Cell, Estimate, Metric};
use slm_stats::{Difference, Interval, Stratum, Z_95, normal_two_sided, stratified_difference};
use strum::IntoStaticStr;

/// The evidence behind a ratio, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Basis {
    /// Trials on the same prompts: the ratio within each prompt, geometric mean over prompts.
    #[strum(serialize = "paired trials")]
    PairedTrials,
    /// Trials on other prompts (or llama-bench's samples): the ratio of geometric
    /// means; its interval covers prompts too.
    Trials,
    /// Means with intervals: the ratio of means, its error from both intervals.
    Intervals,
    /// Means alone: nothing can be tested.
    #[strum(serialize = "means only")]
    Means,
}

/// A metric's ratio.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratio {
    /// The metric.
    pub metric: Metric,
    /// The baseline's mean over prompts.
    pub baseline: f64,
    /// The candidate's.
    pub candidate: f64,
    /// Candidate / baseline.
    pub ratio: f64,
    /// Its 95 % interval.
    pub interval: Option<Interval>,
    /// Two-sided p that the ratio is 1.
    pub p: Option<f64>,
    /// The same, corrected for all tests of the comparison.
    pub p_adjusted: Option<f64>,
    /// Standard deviation of a repetition, on the scale of logarithms.
    pub noise: Option<f64>,
    /// The evidence behind it.
    pub basis: Basis,
    /// The verdict.
    pub verdict: Verdict,
}

/// The ratio, where both cells have the metric.
pub(super) fn ratio(
    baseline: &Side,
    b: &Cell,
    candidate: &Side,
    c: &Cell,
    metric: Metric,
    seed: u64,
) -> Option<Ratio> {
    let (theirs, ours) = (b.estimate(metric)?, c.estimate(metric)?);
    if theirs.mean <= 0.0 || ours.mean <= 0.0 {
        return None;
    }
    let trials = baseline.trials.get(&b.key).zip(candidate.trials.get(&c.key));
    let tested = trials.and_then(|(b_trials, c_trials)| {
        let paired = paired(baseline, b_trials, candidate, c_trials, metric);
        let (basis, strata) = if paired.is_empty() {
            (Basis::Trials, pooled(b_trials, c_trials, metric)?)
        } else {
            (Basis::PairedTrials, paired)
        };
        stratified_difference(&strata, seed).map(|difference| (basis, difference))
    });
    let by_intervals = || by_intervals(theirs, ours).map(|difference| (Basis::Intervals, difference));
    let (basis, difference) = tested.or_else(by_intervals).unwrap_or((
        Basis::Means,
        Difference { estimate: (ours.mean / theirs.mean).ln(), interval: None, p: None, noise: None },
    ));
    Some(Ratio {
        metric,
        baseline: theirs.mean,
        candidate: ours.mean,
        ratio: difference.estimate.exp(),
        interval: difference.interval.map(|i| Interval { low: i.low.exp(), high: i.high.exp() }),
        p: difference.p,
        p_adjusted: None,
        noise: difference.noise,
        basis,
        verdict: Verdict::Inconclusive,
    })
}

/// Prompts that both sides ran: equal ids, and equal texts where both are known.
fn paired(
    baseline: &Side,
    b_trials: &CellTrials,
    candidate: &Side,
    c_trials: &CellTrials,
    metric: Metric,
) -> Vec<Stratum> {
    let same_text = |id: &str| match (baseline.prompts.get(id), candidate.prompts.get(id)) {
        (Some(theirs), Some(ours)) => theirs == ours,
        _ => false,
    };
    let common = b_trials.prompts.keys().filter(|id| c_trials.prompts.contains_key(*id) && same_text(id));
    let strata = common
        .map(|id| Stratum { baseline: b_trials.logs(id, metric), candidate: c_trials.logs(id, metric) });
    strata.filter(|stratum| !stratum.baseline.is_empty() && !stratum.candidate.is_empty()).collect()
}

fn pooled(b_trials: &CellTrials, c_trials: &CellTrials, metric: Metric) -> Option<Vec<Stratum>> {
    let stratum = Stratum { baseline: b_trials.all_logs(metric), candidate: c_trials.all_logs(metric) };
    (!stratum.baseline.is_empty() && !stratum.candidate.is_empty()).then(|| vec![stratum])
}

/// From two means with intervals: on the scale of logarithms, an interval of 95 %
/// is 2 · 1.96 standard errors wide, and the errors of both sides add in squares.
fn by_intervals(baseline: Estimate, candidate: Estimate) -> Option<Difference> {
    let error = |estimate: Estimate| {
        let interval = estimate.interval.filter(|interval| interval.low > 0.0)?;
        Some((interval.high / interval.low).ln() / (2.0 * Z_95))
    };
    let error = error(baseline)?.hypot(error(candidate)?);
    let estimate = (candidate.mean / baseline.mean).ln();
    let reach = Z_95 * error;
    Some(Difference {
        estimate,
        interval: Some(Interval { low: estimate - reach, high: estimate + reach }),
        p: Some(if error > 0.0 { normal_two_sided(estimate / error) } else { 1.0 }),
        noise: None,
    })
}
