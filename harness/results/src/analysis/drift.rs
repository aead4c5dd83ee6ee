//! Whether a run's device was slower than in other runs, by the probes at its begin and end.

use slm_protocol::{Probe, ProbeMoment};
use slm_stats::median;

/// Multiplying in registers depends on the clock alone: this much less is a lower clock.
const COMPUTE_BELOW: f64 = 0.10;
/// Reading memory also depends on who else does: neighbours on a shared machine, too.
const MEMORY_BELOW: f64 = 0.35;
/// From so many runs on the median of all is what a run is held against; of fewer, the best.
const RUNS: usize = 3;

/// The probes of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunProbes {
    /// Before the first trial.
    pub start: Option<Probe>,
    /// After the last; a run that was cut short has none.
    pub end: Option<Probe>,
}

impl RunProbes {
    /// Takes a probe.
    pub fn add(&mut self, probe: Probe) {
        match probe.moment {
            ProbeMoment::Start => self.start = Some(probe),
            ProbeMoment::End => self.end = Some(probe),
        }
    }

    /// Why the device was slow in this run, in words. `all`: the probes of all runs of the sweep on it.
    pub fn drift(&self, all: &[&Self]) -> Vec<String> {
        let mut reasons = Vec::new();
        for (moment, pick) in [("at its begin", start as Pick), ("at its end", end as Pick)] {
            let Some(own) = pick(self) else { continue };
            // Other numbers of threads do other work.
            let alike: Vec<&Probe> = all
                .iter()
                .filter_map(|run| pick(run))
                .filter(|probe| (probe.threads, &probe.kernel) == (own.threads, &own.kernel))
                .collect();
            let mut doubt = |what: &str, value: fn(&Probe) -> Option<f64>, tolerance: f64| {
                let values: Vec<f64> = alike.iter().filter_map(|probe| value(probe)).collect();
                if let (Some(own), Some((usual, words))) = (value(own), usual(&values))
                    && own < (1.0 - tolerance) * usual
                {
                    let below = 100.0 * (1.0 - own / usual);
                    reasons.push(format!("the {what} probe {moment} was {below:.0} % below {words}"));
                }
            };
            doubt("compute", |probe| Some(probe.ops_per_s), COMPUTE_BELOW);
            doubt("memory", |probe| probe.bytes_per_s, MEMORY_BELOW);
        }
        reasons.extend(self.within());
        reasons
    }

    /// Whether the device slowed down in the run itself.
    fn within(&self) -> Option<String> {
        let (start, end) = (self.start.as_ref()?.ops_per_s, self.end.as_ref()?.ops_per_s);
        let below = 1.0 - end / start;
        (below > COMPUTE_BELOW).then(|| {
            format!("the compute probe fell by {:.0} % from the run's begin to its end", 100.0 * below)
        })
    }
}

type Pick = fn(&RunProbes) -> Option<&Probe>;

fn start(run: &RunProbes) -> Option<&Probe> {
    run.start.as_ref()
}

fn end(run: &RunProbes) -> Option<&Probe> {
    run.end.as_ref()
}

/// What is usual in a sweep, and its name.
fn usual(values: &[f64]) -> Option<(f64, &'static str)> {
    if values.len() >= RUNS {
        return Some((median(values)?, "the sweep's median"));
    }
    Some((values.iter().copied().reduce(f64::max)?, "the sweep's best"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use slm_testkit::agent::probe;

    fn run(start: f64, end: f64) -> RunProbes {
        let mut run = RunProbes::default();
        run.add(Probe { ops_per_s: start, ..probe(ProbeMoment::Start) });
        run.add(Probe { ops_per_s: end, ..probe(ProbeMoment::End) });
        run
    }

    fn drift(run: &RunProbes, others: &[&RunProbes]) -> Vec<String> {
        let all: Vec<&RunProbes> = [run].into_iter().chain(others.iter().copied()).collect();
        run.drift(&all)
    }

    #[test]
    fn a_slow_run_among_others_is_told() {
        let usual = run(100e9, 98e9);
        assert!(drift(&run(95e9, 94e9), &[&usual, &usual]).is_empty());
        let below = |what: &str| {
            [
                format!("the compute probe at its begin was 23 % below the sweep's {what}"),
                format!("the compute probe at its end was 22 % below the sweep's {what}"),
            ]
        };
        assert_eq!(drift(&run(77e9, 76e9), &[&usual, &usual]), below("median"));
        assert_eq!(drift(&run(77e9, 76e9), &[&usual]), below("best"));
        assert!(drift(&usual, &[&run(77e9, 76e9)]).is_empty());
    }

    #[test]
    fn a_device_that_slows_down_in_every_run_is_told_by_each() {
        let hot = run(100e9, 80e9);
        assert_eq!(
            drift(&hot, &[&hot.clone(), &hot.clone()]),
            ["the compute probe fell by 20 % from the run's begin to its end"]
        );
    }

    #[test]
    fn runs_with_other_threads_are_not_compared() {
        let mut other = run(300e9, 300e9);
        for probe in [&mut other.start, &mut other.end].into_iter().flatten() {
            probe.threads = 8;
        }
        assert!(drift(&run(100e9, 100e9), &[&other, &other]).is_empty());
    }

    #[test]
    fn slow_memory_is_told_with_more_tolerance() {
        let usual = run(100e9, 100e9);
        let with = |share: f64| {
            let mut slow = usual.clone();
            for probe in [&mut slow.start, &mut slow.end].into_iter().flatten() {
                probe.bytes_per_s = probe.bytes_per_s.map(|rate| rate * share);
            }
            slow
        };
        assert!(drift(&with(0.8), &[&usual, &usual]).is_empty());
        assert_eq!(
            drift(&with(0.5), &[&usual, &usual]),
            [
                "the memory probe at its begin was 50 % below the sweep's median",
                "the memory probe at its end was 50 % below the sweep's median"
            ]
        );
    }
}
