//! Whether a trial's times can be: in their order, and as long together as the trial took.

use super::{case::Case, check::Check, findings::Findings};
use crate::analysis::metrics::covered_ns;
use slm_protocol::Timestamps;

/// Around the loop and within it the clock is read microseconds apart: more than this, and this share of the
/// time, is missing.
const SLACK_NS: f64 = 1e6;
const SLACK_SHARE: f64 = 0.01;
/// An engine that gives text tells its end from another thread.
const TEXT_SLACK_NS: f64 = 20e6;
const TEXT_SLACK_SHARE: f64 = 0.02;

pub(super) fn check(case: &Case<'_>, findings: &mut Findings) {
    let times = &case.report.times;
    missing(case, times, findings);
    if let Some(disorder) = disorder(times) {
        findings.doubt(format!("its times are out of order: {disorder}"));
    }
    instant(case, times, findings);
    elapsed(case, times, findings);
}

/// What the engine ought to tell.
fn missing(case: &Case<'_>, times: &Timestamps, findings: &mut Findings) {
    let always = [("the request's time", times.request_ns), ("the end's time", times.end_ns)];
    let stepwise = [
        ("the tokenization's time", times.tokenized_ns),
        ("the time of the prefill's begin", times.prefill_start_ns),
        ("the time of the prefill's end", times.prefill_end_ns),
    ];
    let of_engine = if case.capabilities().token_times { &stepwise[..] } else { &[] };
    for (what, _) in always.iter().chain(of_engine).filter(|(_, time)| time.is_none()) {
        findings.not_reported(what);
    }
}

/// The first pair of times that is the wrong way round, in words.
fn disorder(times: &Timestamps) -> Option<String> {
    let tokens = times.tokens_ns.iter().zip(1..).map(|(at, number)| (format!("token {number}"), Some(*at)));
    let named = |name: &str, at: Option<u64>| (name.to_owned(), at);
    let before = [
        named("the request", times.request_ns),
        named("the end of tokenization", times.tokenized_ns),
        named("the prefill's begin", times.prefill_start_ns),
        named("the prefill's end", times.prefill_end_ns),
        named("the first text", times.first_text_ns),
    ];
    let all = before.into_iter().chain(tokens).chain([named("the trial's end", times.end_ns)]);
    let mut last: Option<(String, u64)> = None;
    for (name, at) in all.filter_map(|(name, at)| Some((name, at?))) {
        if let Some((earlier, before)) = last.filter(|(_, before)| at < *before) {
            let by = (before - at) as f64 / 1e6;
            return Some(format!("{name} lies {by:.3} ms before {earlier}"));
        }
        last = Some((name, at));
    }
    None
}

/// Work that took no time at all, of an engine that has some to do.
fn instant(case: &Case<'_>, times: &Timestamps, findings: &mut Findings) {
    if !case.capabilities().reads_weights {
        return;
    }
    if times.prefill_start_ns.is_some() && times.prefill_start_ns == times.prefill_end_ns {
        findings.doubt("its prefill took no time");
    }
    if times.tokens_ns.windows(2).any(|pair| pair[0] == pair[1]) {
        findings.doubt("tokens came at the same time");
    }
}

/// The agent also looks at another clock before and after it runs the engine.
fn elapsed(case: &Case<'_>, times: &Timestamps, findings: &mut Findings) {
    let Some(elapsed) = case.report.elapsed_ns else {
        findings.skip(Check::Elapsed);
        return;
    };
    // Which of them are out of order is said above.
    let Some(covered) = covered_ns(times) else { return };
    let (slack, share) = if case.capabilities().token_times {
        (SLACK_NS, SLACK_SHARE)
    } else {
        (TEXT_SLACK_NS, TEXT_SLACK_SHARE)
    };
    let (covered, elapsed) = (covered as f64, elapsed as f64);
    if (elapsed - covered).abs() > slack + share * elapsed {
        findings.doubt(format!(
            "its times account for {:.3} s where {:.3} s passed on the device",
            covered / 1e9,
            elapsed / 1e9
        ));
    }
}
