//! Whether a trial's figures can be trusted: `valid`, `throttled` or `suspect`,
//! with the reason; and what could not be looked at. Rules and thresholds: docs/methodology.md.

mod bounds;
mod case;
mod check;
mod findings;
mod surroundings;
mod times;
mod tokens;

pub(crate) use case::Case;
pub(crate) use check::Check;

use super::metrics::Metrics;
use crate::schema::Verdict;
use findings::Findings;

/// What a trial's figures are worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// In a word.
    pub(crate) verdict: Verdict,
    /// Why, for people; empty of a valid trial.
    pub(crate) reasons: Vec<String>,
    /// What could not be looked at, since the device or the engine does not tell.
    pub(crate) not_checked: Vec<Check>,
}

/// Judges a completed trial.
pub(crate) fn judge(case: &Case<'_>) -> Judgement {
    let metrics = Metrics::of(case.report);
    let mut findings = Findings::default();
    surroundings::throttling(case.evidence, &mut findings);
    let throttled = !findings.reasons.is_empty();
    surroundings::cool_down(case.evidence, &mut findings);
    surroundings::contention(case, &metrics, &mut findings);
    tokens::check(case, &mut findings);
    times::check(case, &mut findings);
    bounds::check(case, &metrics, &mut findings);
    let verdict = match (throttled, findings.reasons.is_empty()) {
        (true, _) => Verdict::Throttled,
        (false, false) => Verdict::Suspect,
        (false, true) => Verdict::Valid,
    };
    findings.not_checked.sort_unstable();
    findings.not_checked.dedup();
    Judgement { verdict, reasons: findings.reasons, not_checked: findings.not_checked }
}

#[cfg(test)]
mod tests;
