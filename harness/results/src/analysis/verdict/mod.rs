//! Whether a trial's figures can be trusted: `valid`, `throttled` or `suspect`,
//! with the reason; and what could not be looked at. Rules and thresholds: docs/methodology.md.

mod bounds;
mod check;
mod surroundings;
mod times;
mod tokens;

pub use check::Check;

use super::{evidence::Evidence, metrics::Metrics};
use crate::schema::Verdict;
use slm_protocol::{Capabilities, ContentionSources, EngineKind, Ready, StopRule, TrialReport};

/// A completed trial and what it is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// What the agent reported of it.
    pub report: &'a TrialReport,
    /// Its loaded model.
    pub ready: &'a Ready,
    /// What ends its output.
    pub stop: StopRule,
    /// Output tokens at most.
    pub max_new_tokens: u32,
    /// The engine that was asked for.
    pub engine: EngineKind,
    /// Whether it computed on the CPU, whose figures the probes show.
    pub on_cpu: bool,
    /// What its device's kernel tells of other processes.
    pub contention: Option<ContentionSources>,
    /// What no matrix product on its threads can exceed, operations per second.
    pub peak_ops_per_s: Option<f64>,
    /// What the sensors said meanwhile.
    pub evidence: &'a Evidence,
}

impl Case<'_> {
    fn capabilities(&self) -> Capabilities {
        self.engine.descriptor().capabilities
    }
}

/// What a trial's figures are worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// In a word.
    pub verdict: Verdict,
    /// Why, for people; empty of a valid trial.
    pub reasons: Vec<String>,
    /// What could not be looked at, since the device or the engine does not tell.
    pub not_checked: Vec<Check>,
}

/// Judges a completed trial.
pub fn judge(case: &Case<'_>) -> Judgement {
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

/// What the checks find.
#[derive(Default)]
struct Findings {
    reasons: Vec<String>,
    not_checked: Vec<Check>,
}

impl Findings {
    fn doubt(&mut self, reason: impl Into<String>) {
        self.reasons.push(reason.into());
    }

    /// Something that engine or device ought to tell is missing.
    fn not_reported(&mut self, what: &str) {
        self.doubt(format!("{what} not reported"));
    }

    /// Something cannot be known here.
    fn skip(&mut self, check: Check) {
        self.not_checked.push(check);
    }
}

#[cfg(test)]
mod tests;
