//! Metrics from raw timestamps. Definitions: docs/methodology.md. A metric that
//! the raw facts do not give is `None`, never 0.

use slm_protocol::{Timestamps, TrialReport};
use slm_stats::percentile;

/// What one trial gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    /// Text to tokens, seconds.
    pub tokenize_s: Option<f64>,
    /// Request to first token in hand (first text, where the engine gives text):
    /// tokenisation, prefill and one sampling included; seconds.
    pub ttft_s: Option<f64>,
    /// The decode call over the prompt alone, seconds.
    pub prefill_s: Option<f64>,
    /// Input tokens per second: `N_in / prefill_s`.
    pub itps: Option<f64>,
    /// First token to last, seconds.
    pub decode_s: Option<f64>,
    /// Output tokens per second: `(N_out - 1) / (last token - first token)`; the
    /// first token belongs to TTFT.
    pub otps: Option<f64>,
    /// Median time per output token, milliseconds, over the inter-token latencies.
    pub tpot_p50_ms: Option<f64>,
    /// 90th percentile of the same.
    pub tpot_p90_ms: Option<f64>,
    /// 99th percentile of the same.
    pub tpot_p99_ms: Option<f64>,
    /// Request to last token (end of the answer, where the engine gives text), seconds.
    pub runtime_s: Option<f64>,
}

impl Metrics {
    /// Derives all metrics of a trial.
    pub fn of(report: &TrialReport) -> Self {
        let times = &report.times;
        let latencies = inter_token_ms(times);
        let (first, last) = (times.tokens_ns.first().copied(), times.tokens_ns.last().copied());
        let decode_s = seconds(first, last);
        // From an engine that gives text, what its caller sees: the first text and the end.
        let text_end = times.first_text_ns.and(times.end_ns);
        let prefill_s = seconds(times.prefill_start_ns, times.prefill_end_ns);
        let percentile_ms = |p| percentile(&latencies, p);
        Self {
            tokenize_s: seconds(times.request_ns, times.tokenized_ns),
            ttft_s: seconds(times.request_ns, first.or(times.first_text_ns)),
            prefill_s,
            itps: report.n_in.zip(prefill_s).map(|(n, s)| f64::from(n) / s),
            decode_s,
            otps: decode_s.map(|s| latencies.len() as f64 / s),
            tpot_p50_ms: percentile_ms(50.0),
            tpot_p90_ms: percentile_ms(90.0),
            tpot_p99_ms: percentile_ms(99.0),
            runtime_s: seconds(times.request_ns, last.or(text_end)),
        }
    }
}

/// Latency of every output token, milliseconds: the first is TTFT, the others are
/// the gaps between tokens, so that their sum is the runtime.
pub(super) fn token_latencies_ms(times: &Timestamps) -> Vec<f64> {
    let first = times.request_ns.zip(times.tokens_ns.first().copied());
    let first = first.and_then(|(from, to)| Some(to.checked_sub(from)? as f64 / 1e6));
    first.into_iter().chain(inter_token_ms(times)).collect()
}

/// The gaps between output tokens, milliseconds.
pub(super) fn inter_token_ms(times: &Timestamps) -> Vec<f64> {
    gaps_ns(times).map(|gap| gap as f64 / 1e6).collect()
}

/// The shortest gap between output tokens, seconds.
pub(super) fn fastest_step_s(times: &Timestamps) -> Option<f64> {
    gaps_ns(times).min().map(|gap| gap as f64 / 1e9)
}

/// Request to the trial's end, nanoseconds; `None` where either is missing or the end lies before.
pub(super) fn covered_ns(times: &Timestamps) -> Option<u64> {
    times.end_ns?.checked_sub(times.request_ns?)
}

fn gaps_ns(times: &Timestamps) -> impl Iterator<Item = u64> {
    times.tokens_ns.windows(2).map(|pair| pair[1].saturating_sub(pair[0]))
}

/// `to - from` in seconds; `None` when either is missing or no time passed.
fn seconds(from: Option<u64>, to: Option<u64>) -> Option<f64> {
    let nanoseconds = to?.checked_sub(from?)?;
    (nanoseconds > 0).then(|| nanoseconds as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use slm_testkit::agent::report;

    #[test]
    fn metrics_follow_their_definitions() {
        let ms = 1_000_000;
        let times = Timestamps {
            request_ns: Some(100 * ms),
            tokenized_ns: Some(101 * ms),
            prefill_start_ns: Some(102 * ms),
            prefill_end_ns: Some(202 * ms),
            tokens_ns: vec![203 * ms, 213 * ms, 223 * ms, 253 * ms],
            end_ns: Some(254 * ms),
            first_text_ns: None,
        };
        let metrics = Metrics::of(&report(200, times.clone()));
        let close = |a: Option<f64>, b: f64| assert!((a.unwrap() - b).abs() < 1e-9, "{a:?} {b}");
        close(metrics.tokenize_s, 0.001);
        close(metrics.ttft_s, 0.103);
        close(metrics.prefill_s, 0.1);
        close(metrics.itps, 2000.0);
        close(metrics.decode_s, 0.05);
        close(metrics.otps, 3.0 / 0.05);
        close(metrics.tpot_p50_ms, 10.0);
        close(metrics.runtime_s, 0.153);
        assert_eq!(token_latencies_ms(&times), [103.0, 10.0, 10.0, 30.0]);
        assert_eq!((fastest_step_s(&times), covered_ns(&times)), (Some(0.01), Some(154 * ms)));
    }

    #[test]
    fn what_is_missing_stays_missing() {
        assert_eq!(Metrics::of(&report(5, Timestamps::default())), Metrics::default());
        let one = Timestamps { request_ns: Some(1), tokens_ns: vec![9], ..Timestamps::default() };
        let metrics = Metrics::of(&report(5, one));
        assert_eq!(metrics, Metrics { ttft_s: Some(8e-9), runtime_s: Some(8e-9), ..Metrics::default() });
    }

    #[test]
    fn an_engine_that_gives_text_has_no_times_of_tokens() {
        let times = Timestamps {
            request_ns: Some(1_000_000),
            first_text_ns: Some(31_000_000),
            end_ns: Some(501_000_000),
            ..Timestamps::default()
        };
        let metrics = Metrics::of(&report(5, times.clone()));
        assert_eq!((metrics.ttft_s, metrics.runtime_s), (Some(0.03), Some(0.5)));
        assert_eq!(
            Metrics { ttft_s: None, runtime_s: None, ..metrics },
            Metrics::default(),
            "nothing is made up"
        );
        assert!(token_latencies_ms(&times).is_empty());
    }

    proptest! {
        #[test]
        fn latencies_add_up_to_the_runtime(gaps in proptest::collection::vec(1u64..10_000_000_000, 1..200)) {
            let mut at = 17;
            let tokens_ns: Vec<u64> = gaps.iter().map(|gap| { at += gap; at }).collect();
            let times = Timestamps { request_ns: Some(17), tokens_ns, ..Timestamps::default() };
            let sum: f64 = token_latencies_ms(&times).iter().sum();
            let runtime = Metrics::of(&report(5, times)).runtime_s.unwrap();
            prop_assert!((sum / 1e3 - runtime).abs() <= 1e-9 * runtime);
        }
    }
}
