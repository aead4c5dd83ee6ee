//! Whether a trial was slower than its device allows. Figures above what memory and multipliers can do
//! are those of work that was not done, or of times that are wrong.

use super::{case::Case, check::Check, findings::Findings};
use crate::analysis::metrics::{Metrics, fastest_step_s};

/// A rate may be so much above what the probe showed, which has noise too.
const TOLERANCE: f64 = 1.25;
/// The fastest of many steps may be still faster: the probe shows a mean over all pieces of its buffer.
const STEP_TOLERANCE: f64 = 2.0;

pub(super) fn check(case: &Case<'_>, metrics: &Metrics, findings: &mut Findings) {
    if !case.capabilities().reads_weights {
        return;
    }
    if !case.probes_apply {
        findings.skip(Check::Bandwidth);
        findings.skip(Check::Compute);
        return;
    }
    let work = Work::of(case, metrics);
    bandwidth(case, &work, findings);
    compute(case, &work, findings);
}

/// The times in which a trial did its work, seconds, and how often it read the weights meanwhile.
struct Work {
    prefill_s: Option<f64>,
    decode_s: Option<f64>,
    steps: f64,
    fastest_step_s: Option<f64>,
}

impl Work {
    fn of(case: &Case<'_>, metrics: &Metrics) -> Self {
        let times = &case.report.times;
        if case.capabilities().token_times {
            return Self {
                prefill_s: metrics.prefill_s,
                decode_s: metrics.decode_s,
                steps: times.tokens_ns.len().saturating_sub(1) as f64,
                fastest_step_s: fastest_step_s(times),
            };
        }
        // Of an engine that gives text only the whole is known: its first token is in the prefill.
        let n_out = case.report.output.as_ref().map_or(0, |output| output.n_out);
        Self {
            prefill_s: metrics.ttft_s,
            decode_s: metrics.runtime_s.filter(|_| n_out > 1),
            steps: f64::from(n_out),
            fastest_step_s: None,
        }
    }
}

fn bandwidth(case: &Case<'_>, work: &Work, findings: &mut Findings) {
    let (Some(bytes), Some(shown)) = (case.ready.model.decode_bytes, case.ready.memory_bandwidth) else {
        findings.skip(Check::Bandwidth);
        return;
    };
    let bytes = bytes as f64;
    let mut exceeds = |what: &str, needed: f64, tolerance: f64| {
        let is_above = needed > shown * tolerance;
        if is_above {
            let (needed, shown) = (needed / 1e9, shown / 1e9);
            findings
                .doubt(format!("{what} would need {needed:.0} GB/s where this machine showed {shown:.0}"));
        }
        is_above
    };
    let decode = work.decode_s.map(|seconds| work.steps * bytes / seconds);
    let is_told = decode.is_some_and(|needed| exceeds("decode", needed, TOLERANCE));
    // A step that took no time needs no bandwidth that could be written down; the order tells it.
    let step = work.fastest_step_s.filter(|seconds| *seconds > 0.0).map(|seconds| bytes / seconds);
    if let Some(needed) = step.filter(|_| !is_told) {
        exceeds("its fastest decode step", needed, STEP_TOLERANCE);
    }
    if let Some(seconds) = work.prefill_s {
        exceeds("prefill", bytes / seconds, TOLERANCE);
    }
}

/// The products of the prompt with the weights alone: attention comes on top.
fn compute(case: &Case<'_>, work: &Work, findings: &mut Findings) {
    let (Some(params), Some(peak)) = (case.ready.model.prefill_params, case.peak_ops_per_s) else {
        findings.skip(Check::Compute);
        return;
    };
    let Some((n_in, seconds)) = case.report.n_in.zip(work.prefill_s) else { return };
    let needed = 2.0 * params as f64 * f64::from(n_in) / seconds;
    if needed > peak * TOLERANCE {
        let (needed, peak) = (needed / 1e9, peak / 1e9);
        findings.doubt(format!(
            "prefill would need {needed:.0} Gop/s where this machine can do {peak:.0} at most"
        ));
    }
}
