//! Whether a trial's figures can be trusted: `valid`, `throttled` or `suspect`,
//! with the reason. Rules and thresholds: docs/methodology.md.

use super::{evidence::Evidence, metrics::Metrics};
use crate::schema::{ThermalStatus, Verdict};
use slm_protocol::{EngineKind, Ready, StopReason, StopRule, TrialReport};

/// CPU time of other processes that is tolerated, as a share of the trial's time…
const OTHER_CPU_SHARE: f64 = 0.10;
/// …and in seconds, since the kernel counts in ticks of 10 ms on every core.
const OTHER_CPU_FLOOR_S: f64 = 0.05;
/// Time that the agent's threads may wait for a core, as a share of the trial's time…
const RUN_DELAY_SHARE: f64 = 0.05;
/// …and in seconds.
const RUN_DELAY_FLOOR_S: f64 = 0.01;
/// Decode may read this much faster than the bandwidth probe did, which has noise too.
const BANDWIDTH_TOLERANCE: f64 = 1.25;

/// Judges a completed trial; the reasons are for people.
pub fn judge(
    report: &TrialReport,
    ready: &Ready,
    stop: StopRule,
    max_new_tokens: u32,
    backend: EngineKind,
    evidence: &Evidence,
) -> (Verdict, String) {
    let metrics = Metrics::of(report);
    let mut reasons = Vec::new();
    throttling(evidence, &mut reasons);
    let throttled = !reasons.is_empty();
    cool_down(evidence, &mut reasons);
    contention(report, &metrics, &mut reasons);
    tokens(report, stop, max_new_tokens, &mut reasons);
    if backend != EngineKind::Null {
        bandwidth(ready, &metrics, &mut reasons);
    }
    let verdict = match (throttled, reasons.is_empty()) {
        (true, _) => Verdict::Throttled,
        (false, false) => Verdict::Suspect,
        (false, true) => Verdict::Valid,
    };
    (verdict, reasons.join("; "))
}

fn throttling(evidence: &Evidence, reasons: &mut Vec<String>) {
    if let Some(status) = evidence.thermal_status.filter(|status| *status > ThermalStatus::None) {
        reasons.push(format!("Android's thermal status was '{status}'"));
    }
    for slowed in &evidence.slowed {
        reasons.push(format!(
            "CPUs {} ran at {:.0} MHz on average, {:.0} % below the {:.0} MHz of before",
            slowed.cpus,
            slowed.mean_mhz,
            100.0 * (1.0 - slowed.mean_mhz / slowed.reference_mhz),
            slowed.reference_mhz
        ));
    }
}

fn cool_down(evidence: &Evidence, reasons: &mut Vec<String>) {
    if let Some(wait) = evidence.cool_down.as_ref().filter(|wait| !wait.reached) {
        reasons.push(format!(
            "it began at {:.1} C ({}), not at {:.1} C: the cool-down was given up after {:.0} s",
            wait.to_c,
            wait.sensor,
            wait.limit_c,
            wait.waited_ms as f64 / 1e3
        ));
    }
}

fn contention(report: &TrialReport, metrics: &Metrics, reasons: &mut Vec<String>) {
    let Some(runtime) = metrics.runtime_s else { return };
    let exceeds =
        |value: Option<f64>, share: f64, floor: f64| value.filter(|&s| s > (share * runtime).max(floor));
    if let Some(other) = exceeds(report.contention.other_cpu_s, OTHER_CPU_SHARE, OTHER_CPU_FLOOR_S) {
        reasons.push(format!("other processes used {:.0} % of a core", 100.0 * other / runtime));
    } else if let Some(delay) = exceeds(report.contention.run_delay_s, RUN_DELAY_SHARE, RUN_DELAY_FLOOR_S) {
        reasons.push(format!("threads waited {:.0} % of the time for a core", 100.0 * delay / runtime));
    }
}

fn tokens(report: &TrialReport, stop: StopRule, max_new_tokens: u32, reasons: &mut Vec<String>) {
    if let (Some(n_in), Some(evaluated)) = (report.n_in, report.n_evaluated)
        && n_in != evaluated
    {
        reasons.push(format!("{n_in} prompt tokens but the engine evaluated {evaluated}"));
    }
    let Some(output) = &report.output else {
        reasons.push("no output".into());
        return;
    };
    let ended = output.stop == StopReason::EndToken && stop == StopRule::Natural;
    if output.n_out < max_new_tokens && !ended {
        reasons.push(format!("{} of {max_new_tokens} tokens without an end token", output.n_out));
    }
    // An engine that gives text has no times of tokens.
    let gives_text = report.times.first_text_ns.is_some();
    if !gives_text && output.n_out as usize != report.times.tokens_ns.len() {
        reasons.push(format!("{} tokens but {} times", output.n_out, report.times.tokens_ns.len()));
    }
    if output.logits_finite == Some(false) {
        reasons.push("the engine's logits were not finite".into());
    }
}

fn bandwidth(ready: &Ready, metrics: &Metrics, reasons: &mut Vec<String>) {
    if let (Some(bytes), Some(otps), Some(shown)) =
        (ready.model.decode_bytes, metrics.otps, ready.memory_bandwidth)
    {
        let needed = bytes as f64 * otps;
        if needed > shown * BANDWIDTH_TOLERANCE {
            let (needed, shown) = (needed / 1e9, shown / 1e9);
            reasons.push(format!("decode would need {needed:.0} GB/s where this machine showed {shown:.0}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::evidence::Slowed;
    use slm_protocol::{CoolDownReport, Timestamps};
    use slm_testkit::agent::{ready, report};

    fn times(gap_ns: u64, n: u64) -> Timestamps {
        Timestamps {
            request_ns: Some(0),
            tokenized_ns: Some(1),
            prefill_start_ns: Some(2),
            prefill_end_ns: Some(3),
            tokens_ns: (1..=n).map(|i| i * gap_ns).collect(),
            end_ns: Some(n * gap_ns + 1),
            first_text_ns: None,
        }
    }

    fn verdict(report: &TrialReport) -> (Verdict, String) {
        judge(report, &ready(), StopRule::FixedLength, 64, EngineKind::Llama, &Evidence::default())
    }

    #[test]
    fn an_undisturbed_trial_is_valid() {
        assert_eq!(verdict(&report(200, times(5_000_000, 64))), (Verdict::Valid, String::new()));
    }

    #[test]
    fn a_busy_process_beside_it_is_seen() {
        let mut trial = report(200, times(5_000_000, 64));
        trial.contention.other_cpu_s = Some(0.3);
        assert!(verdict(&trial).1.contains("other processes used 94 % of a core"));
        trial.contention.other_cpu_s = Some(0.02);
        trial.contention.run_delay_s = Some(0.1);
        assert!(verdict(&trial).1.contains("waited"));
    }

    #[test]
    fn heat_makes_a_trial_throttled_and_a_gate_given_up_makes_it_suspect() {
        let trial = report(200, times(5_000_000, 64));
        let with = |evidence: &Evidence| {
            judge(&trial, &ready(), StopRule::FixedLength, 64, EngineKind::Llama, evidence)
        };
        let cool = Evidence { thermal_status: Some(ThermalStatus::None), ..Evidence::default() };
        assert_eq!(with(&cool).0, Verdict::Valid);
        let status = Evidence { thermal_status: Some(ThermalStatus::Light), ..Evidence::default() };
        assert_eq!(with(&status), (Verdict::Throttled, "Android's thermal status was 'light'".into()));
        let wait = CoolDownReport {
            trial_id: "t0001".into(),
            waited_ms: 120_400,
            from_c: 52.0,
            to_c: 41.3,
            limit_c: 36.0,
            sensor: "thermal-cpu-1-0".into(),
            reached: false,
        };
        let gate = Evidence { cool_down: Some(wait.clone()), ..Evidence::default() };
        let (verdict, reason) = with(&gate);
        assert_eq!(verdict, Verdict::Suspect);
        assert!(
            reason.contains("41.3 C (thermal-cpu-1-0), not at 36.0 C") && reason.contains("120 s"),
            "{reason}"
        );
        let cooled = CoolDownReport { reached: true, ..wait };
        assert_eq!(with(&Evidence { cool_down: Some(cooled), ..Evidence::default() }).0, Verdict::Valid);
        let slowed = Slowed { cpus: "4-7".parse().unwrap(), mean_mhz: 2100.0, reference_mhz: 2900.0 };
        let (verdict, reason) = with(&Evidence { slowed: vec![slowed], ..gate });
        assert_eq!(verdict, Verdict::Throttled);
        assert!(reason.starts_with("CPUs 4-7 ran at 2100 MHz on average, 28 % below"), "{reason}");
    }

    #[test]
    fn figures_that_cannot_be_are_suspect() {
        let (kind, reason) = verdict(&report(200, times(500_000, 64)));
        assert_eq!(kind, Verdict::Suspect);
        assert!(reason.contains("140 GB/s where this machine showed 20"), "{reason}");
    }

    #[test]
    fn short_outputs_and_lost_prompt_tokens_are_suspect() {
        let mut trial = report(200, times(5_000_000, 10));
        trial.n_evaluated = Some(100);
        let reason = verdict(&trial).1;
        assert!(reason.contains("evaluated 100") && reason.contains("10 of 64 tokens"), "{reason}");
    }
}
