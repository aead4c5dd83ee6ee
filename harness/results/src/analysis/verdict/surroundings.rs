//! What happened around a trial: heat, clocks, other processes.

use super::{case::Case, check::Check, findings::Findings};
use crate::{
    analysis::{
        evidence::{Evidence, SlowedBelow},
        metrics::Metrics,
    },
    schema::ThermalStatus,
};

/// CPU time of other processes that is tolerated, as a share of the trial's time…
const OTHER_CPU_SHARE: f64 = 0.10;
/// …and in seconds, since the kernel counts in ticks of 10 ms on every core.
const OTHER_CPU_FLOOR_S: f64 = 0.05;
/// Time that the agent's threads may wait for a core, as a share of the trial's time…
const RUN_DELAY_SHARE: f64 = 0.05;
/// …and in seconds.
const RUN_DELAY_FLOOR_S: f64 = 0.01;

pub(super) fn throttling(evidence: &Evidence, findings: &mut Findings) {
    if !evidence.clocks_known {
        findings.skip(Check::Clocks);
    }
    if let Some(status) = evidence.thermal_status.filter(|status| *status > ThermalStatus::None) {
        findings.doubt(format!("Android's thermal status was '{status}'"));
    }
    for slowed in &evidence.slowed {
        let below = 100.0 * (1.0 - slowed.mhz / slowed.reference_mhz);
        let (cpus, mhz, reference) = (&slowed.cpus, slowed.mhz, slowed.reference_mhz);
        findings.doubt(match slowed.below {
            SlowedBelow::Earlier => format!(
                "CPUs {cpus} ran at {mhz:.0} MHz on average, {below:.0} % below the {reference:.0} MHz of before"
            ),
            SlowedBelow::Maximum => format!(
                "CPUs {cpus} ran at {mhz:.0} MHz on average, {below:.0} % below the {reference:.0} MHz that they can \
                 hold"
            ),
            SlowedBelow::MaximumByLimit => format!(
                "CPUs {cpus} were limited to {mhz:.0} MHz, {below:.0} % below the {reference:.0} MHz that they can hold"
            ),
        });
    }
}

pub(super) fn cool_down(evidence: &Evidence, findings: &mut Findings) {
    if let Some(wait) = evidence.cool_down.as_ref().filter(|wait| !wait.reached) {
        findings.doubt(format!(
            "it began at {:.1} C ({}), not at {:.1} C: the cool-down was given up after {:.0} s",
            wait.to_c,
            wait.sensor,
            wait.limit_c,
            wait.waited_ms as f64 / 1e3
        ));
    }
}

pub(super) fn contention(case: &Case<'_>, metrics: &Metrics, findings: &mut Findings) {
    let found = &case.report.contention;
    let sources = case.contention.unwrap_or_default();
    if found.other_cpu_s.is_none() && sources.other_cpu {
        findings.not_reported("CPU time of other processes");
    }
    if found.run_delay_s.is_none() && sources.run_delay {
        findings.not_reported("time that threads waited for a core");
    }
    if found.other_cpu_s.is_none() && found.run_delay_s.is_none() {
        findings.skip(Check::Contention);
    }
    let Some(runtime) = metrics.runtime_s else { return };
    let exceeds =
        |value: Option<f64>, share: f64, floor: f64| value.filter(|&s| s > (share * runtime).max(floor));
    if let Some(other) = exceeds(found.other_cpu_s, OTHER_CPU_SHARE, OTHER_CPU_FLOOR_S) {
        findings.doubt(format!("other processes used {:.0} % of a core", 100.0 * other / runtime));
    } else if let Some(delay) = exceeds(found.run_delay_s, RUN_DELAY_SHARE, RUN_DELAY_FLOOR_S) {
        findings.doubt(format!("threads waited {:.0} % of the time for a core", 100.0 * delay / runtime));
    }
}
