//! What else ran on the machine: a figure taken beside another busy process is
//! worth little, and must say so.

use super::helper_threads;
use crate::sensors::root;
use rustix::time::{ClockId, clock_gettime};
use slm_protocol::{Contention, ContentionSources};
use std::{fs, time::Duration};

/// A reading at one moment; two of them make a [`Contention`].
pub(crate) struct Moment {
    machine_busy: Option<Duration>,
    own: Duration,
    run_delay: Option<Duration>,
    load_average: Option<f64>,
}

impl Moment {
    /// Reads the kernel's counters; takes tens of microseconds.
    pub(crate) fn now() -> Self {
        let own = clock_gettime(ClockId::ProcessCPUTime);
        Self {
            machine_busy: root::read("proc/stat").and_then(|text| machine_busy(&text)),
            own: Duration::try_from(own).unwrap_or_default(),
            run_delay: run_delay(),
            load_average: load_average(),
        }
    }

    /// What happened from `self` to `end`.
    pub(crate) fn until(&self, end: &Moment) -> Contention {
        Contention {
            other_cpu_s: self.others_until(end).map(|time| time.as_secs_f64()),
            run_delay_s: difference(self.run_delay, end.run_delay).map(|time| time.as_secs_f64()),
            load_average: self.load_average,
        }
    }

    /// What could be read of the kernel's counters.
    pub(crate) fn sources(&self) -> ContentionSources {
        ContentionSources { other_cpu: self.machine_busy.is_some(), run_delay: self.run_delay.is_some() }
    }

    /// CPU time of all other processes. The kernel counts the machine in ticks of
    /// 10 ms, so a small negative difference is rounding, not less than nothing.
    pub(crate) fn others_until(&self, end: &Moment) -> Option<Duration> {
        let machine = difference(self.machine_busy, end.machine_busy)?;
        Some(machine.saturating_sub(end.own.saturating_sub(self.own)))
    }
}

fn difference(start: Option<Duration>, end: Option<Duration>) -> Option<Duration> {
    Some(end?.saturating_sub(start?))
}

/// One-minute load average.
pub(crate) fn load_average() -> Option<f64> {
    root::read("proc/loadavg")?.split_ascii_whitespace().next()?.parse().ok()
}

/// Busy time of all CPUs together: user, nice, system, irq, softirq and steal of
/// the first line of /proc/stat (guest time is part of user time already).
fn machine_busy(text: &str) -> Option<Duration> {
    let fields: Vec<u64> = text
        .lines()
        .next()?
        .strip_prefix("cpu ")?
        .split_ascii_whitespace()
        .map_while(|field| field.parse().ok())
        .collect();
    if fields.len() < 4 {
        return None;
    }
    let ticks: u64 = [0, 1, 2, 5, 6, 7].iter().filter_map(|index| fields.get(*index)).sum();
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    Some(Duration::from_nanos(ticks.saturating_mul(1_000_000_000 / per_second)))
}

/// Time that this process's threads spent runnable but not running. Helpers give way
/// to the others by design, so theirs does not count.
fn run_delay() -> Option<Duration> {
    let mut total = 0u64;
    let mut seen = false;
    for task in fs::read_dir("/proc/self/task").ok()?.flatten() {
        if task.file_name().to_str().is_some_and(helper_threads::is_helper) {
            continue;
        }
        // A thread that has ended meanwhile is no error.
        let Ok(text) = fs::read_to_string(task.path().join("schedstat")) else { continue };
        let Some(delay) = text.split_ascii_whitespace().nth(1) else { continue };
        total += delay.parse::<u64>().ok()?;
        seen = true;
    }
    seen.then(|| Duration::from_nanos(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_time_leaves_out_idle_iowait_and_guest() {
        let hz = rustix::param::clock_ticks_per_second();
        let text = format!("cpu  {hz} 0 {hz} 999999 888888 0 0 {hz} 777777 0\ncpu0 1 1 1 1\n");
        assert_eq!(machine_busy(&text), Some(Duration::from_secs(3)));
        assert_eq!(machine_busy("cpu 1 2\n"), None);
        assert_eq!(machine_busy(""), None);
    }

    #[test]
    fn own_work_is_not_contention() {
        let start = Moment::now();
        let mut x = 1u64;
        while Moment::now().own.saturating_sub(start.own) < Duration::from_millis(60) {
            for _ in 0..100_000 {
                x = std::hint::black_box(x.wrapping_mul(3));
            }
        }
        let end = Moment::now();
        let contention = start.until(&end);
        assert!(contention.other_cpu_s.is_none_or(|seconds| seconds >= 0.0));
        let own = end.own.saturating_sub(start.own);
        assert!(own >= Duration::from_millis(60), "{own:?}");
    }
}
