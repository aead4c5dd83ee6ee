//! The ratio of two cells in one metric, by the best evidence available.

use super::{CellTrials, Side, Verdict};
use slm_results::read::{Cell, Estimate, Metric};
use slm_stats::{Difference, Interval, Measured, RunMean, Z_95, student_quantile_95};
use std::collections::BTreeSet;
use strum::IntoStaticStr;

/// The evidence behind a ratio, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Basis {
    /// Runs on the same prompts: the ratio within each prompt, geometric mean over prompts.
    #[strum(serialize = "runs, same prompts")]
    SamePrompts,
    /// Runs on other prompts (or of llama-bench): the ratio of geometric means.
    #[strum(serialize = "runs, other prompts")]
    OtherPrompts,
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
    /// Its 95 % interval, over runs.
    pub interval: Option<Interval>,
    /// Two-sided p of no difference, with noise.
    pub p: Option<f64>,
    /// The same, corrected for all tests of the comparison.
    pub p_adjusted: Option<f64>,
    /// The least relative difference that would have been called.
    pub detectable: Option<f64>,
    /// The evidence behind it.
    pub basis: Basis,
    /// The verdict.
    pub verdict: Verdict,
    /// The difference of logarithms; `None` where it has no error that is known.
    pub(super) difference: Option<Difference>,
}

/// The ratio, where both cells have the metric.
pub(super) fn ratio(baseline: &Side, b: &Cell, candidate: &Side, c: &Cell, metric: Metric) -> Option<Ratio> {
    let (theirs, ours) = (b.estimate(metric)?, c.estimate(metric)?);
    if theirs.mean <= 0.0 || ours.mean <= 0.0 {
        return None;
    }
    let of_runs = || {
        let trials = baseline.trials.get(&b.key).zip(candidate.trials.get(&c.key))?;
        over_runs(baseline, trials.0, candidate, trials.1, metric)
    };
    let of_means = || {
        let estimate = (ours.mean / theirs.mean).ln();
        match by_intervals(b, theirs, c, ours) {
            Some(difference) => (Basis::Intervals, estimate, Some(difference)),
            None => (Basis::Means, estimate, None),
        }
    };
    let (basis, estimate, difference) = of_runs().unwrap_or_else(of_means);
    let interval = difference.map(|difference| difference.interval(0.05));
    Some(Ratio {
        metric,
        baseline: theirs.mean,
        candidate: ours.mean,
        ratio: estimate.exp(),
        interval: interval.map(|i| Interval { low: i.low.exp(), high: i.high.exp() }),
        p: None,
        p_adjusted: None,
        detectable: None,
        basis,
        verdict: Verdict::Untestable,
        difference,
    })
}

/// The difference between the runs of two sides; its error only where both have several.
fn over_runs(
    baseline: &Side,
    b_trials: &CellTrials,
    candidate: &Side,
    c_trials: &CellTrials,
    metric: Metric,
) -> Option<(Basis, f64, Option<Difference>)> {
    let common = common_prompts(baseline, b_trials, candidate, c_trials);
    let both = |prompts: Option<&BTreeSet<&str>>| {
        Some((b_trials.run_mean(metric, prompts)?, c_trials.run_mean(metric, prompts)?))
    };
    let same = if common.is_empty() { None } else { both(Some(&common)) };
    let (basis, (theirs, ours)) = match same {
        Some(same) => (Basis::SamePrompts, same),
        None => (Basis::OtherPrompts, both(None)?),
    };
    let estimate = ours.log_mean - theirs.log_mean;
    let difference = measured(&theirs).zip(measured(&ours)).map(|(b, c)| Difference::between(b, c));
    Some((basis, estimate, difference))
}

fn measured(side: &RunMean) -> Option<Measured> {
    let means: Vec<f64> = side.effects.values().map(|effect| side.log_mean + effect).collect();
    let measured = Measured::of(&means)?;
    // With a prompt missing in a run, the runs' mean is a little off.
    Some(Measured { mean: side.log_mean, ..measured })
}

/// Prompts that both sides ran: equal ids, and equal texts.
fn common_prompts<'s>(
    baseline: &Side,
    b_trials: &'s CellTrials,
    candidate: &Side,
    c_trials: &CellTrials,
) -> BTreeSet<&'s str> {
    let same_text = |id: &str| match (baseline.prompts.get(id), candidate.prompts.get(id)) {
        (Some(theirs), Some(ours)) => theirs == ours,
        _ => false,
    };
    let common = b_trials.prompts.keys().filter(|id| c_trials.prompts.contains_key(*id) && same_text(id));
    common.map(String::as_str).collect()
}

/// From two means with intervals, which are Student's over their runs where these are known.
fn by_intervals(b: &Cell, baseline: Estimate, c: &Cell, candidate: Estimate) -> Option<Difference> {
    let side = |cell: &Cell, estimate: Estimate| {
        let interval = estimate.interval.filter(|interval| interval.low > 0.0)?;
        let freedom =
            cell.n_runs.filter(|&runs| runs > 1).map_or(f64::INFINITY, |runs| f64::from(runs) - 1.0);
        let quantile = if freedom.is_finite() { student_quantile_95(freedom) } else { Z_95 };
        let error = (interval.high / interval.low).ln() / (2.0 * quantile);
        Some(Measured { mean: estimate.mean.ln(), error, freedom })
    };
    Some(Difference::between(side(b, baseline)?, side(c, candidate)?))
}
