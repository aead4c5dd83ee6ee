//! Whether the CPU's clocks were up while a trial computed: against earlier trials, and against what
//! the cores can hold.

use slm_protocol::{Cluster, CpuList, ResolvedOptions, Sample};
use std::collections::HashMap;

/// A cluster's mean frequency may fall so far below that of earlier trials.
const BELOW_EARLIER: f64 = 0.10;
/// The same below what its cores can hold: the governor of an idle device does not always go to the top.
const BELOW_MAXIMUM: f64 = 0.15;
/// The same of a limit that is set, which has no noise.
const LIMIT_BELOW_MAXIMUM: f64 = 0.10;
/// Clocks rise within this time after work begins, seconds; it is left out where enough remains. Half of a
/// shorter trial is.
const RISE_S: f64 = 0.2;
/// So much must remain: residency is counted in ticks of 10 ms. Seconds.
const FROM_S: f64 = 0.05;
/// A trial without readings within it must last so long, seconds: the rise is part of its mean…
const UNDIVIDED_FROM_S: f64 = 0.3;
/// …in which clocks may be this far down.
const RISE_BELOW: f64 = 0.5;
/// A cluster computes when it is busy with so many CPUs' worth of work.
const COMPUTING_CPUS: f64 = 0.8;

/// A cluster that ran slower than it should.
#[derive(Clone, Debug, PartialEq)]
pub struct Slowed {
    /// Which.
    pub cpus: CpuList,
    /// Mean frequency in the trial, or the limit that was set, MHz.
    pub mhz: f64,
    /// What it is held against, MHz.
    pub reference_mhz: f64,
    /// What that is.
    pub below: SlowedBelow,
}

/// What a cluster's frequency is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlowedBelow {
    /// The highest mean of any earlier trial of the sweep on the device.
    Earlier,
    /// The frequency that its cores can hold.
    Maximum,
    /// The same, of a limit lower than that.
    MaximumByLimit,
}

/// What is known of a device's clusters.
#[derive(Clone, Debug, Default)]
pub(super) struct Clocks {
    clusters: Vec<Cluster>,
    /// Whether the sweep had the device lower its clocks.
    lowered: bool,
    /// Highest mean frequency of each cluster in a trial so far, MHz.
    earlier: HashMap<CpuList, f64>,
}

impl Clocks {
    pub(super) fn know(&mut self, clusters: &[Cluster], lowered: bool) {
        // Means from before the change are no reference.
        if self.lowered != lowered {
            self.earlier.clear();
        }
        self.clusters = clusters.to_vec();
        self.lowered = lowered;
    }

    /// The clusters that computed in a trial, but slower than they should; and whether the clock of any that
    /// computed could be held against something.
    pub(super) fn judge(&mut self, samples: &[Sample], options: &ResolvedOptions) -> (Vec<Slowed>, bool) {
        let (mut slowed, mut known) = (Vec::new(), false);
        let stamps = stamps(samples);
        for cpus in clusters(samples) {
            let trial = InTrial { samples, stamps: &stamps, cpus };
            if !trial.computed(options) {
                continue;
            }
            let residency = trial.mean("residency");
            let earlier = residency.and_then(|mean| self.earlier(&trial.cpus, mean));
            let held = self.held_mhz(&trial.cpus);
            let mean = residency.or_else(|| self.mean_of_moments(&trial));
            known |= mean.is_some() && (earlier.is_some() || held.is_some());
            let below_earlier = residency.zip(earlier).and_then(|(mean, earlier)| {
                mean.below(earlier, BELOW_EARLIER, SlowedBelow::Earlier, &trial.cpus)
            });
            slowed.extend(below_earlier.or_else(|| trial.below_held(mean, held?)));
        }
        (slowed, known)
    }

    /// The highest mean of a cluster in earlier trials, MHz, to which that of this one is added.
    fn earlier(&mut self, cpus: &CpuList, mean: Mean) -> Option<f64> {
        let earlier = self.earlier.get(cpus).copied();
        self.earlier.insert(cpus.clone(), earlier.map_or(mean.mhz, |earlier| earlier.max(mean.mhz)));
        earlier
    }

    /// What a cluster's cores can hold, MHz, where they were not told to stay below it.
    fn held_mhz(&self, cpus: &CpuList) -> Option<f64> {
        let cluster = self.cluster(cpus).filter(|_| !self.lowered)?;
        Some(cluster.held_khz? as f64 / 1e3)
    }

    /// The mean of what the clock was when it was read, where the kernel does not count the time at each
    /// frequency. It is good enough against a base frequency, not against the highest.
    fn mean_of_moments(&self, trial: &InTrial<'_>) -> Option<Mean> {
        let cluster = self.cluster(&trial.cpus)?;
        cluster.held_khz.filter(|khz| *khz < cluster.max_khz)?;
        trial.mean("frequency")
    }

    fn cluster(&self, cpus: &CpuList) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| cluster.cpus == *cpus)
    }
}

/// A mean frequency.
#[derive(Clone, Copy)]
struct Mean {
    mhz: f64,
    /// Share by which the rise at the trial's begin may have lowered it.
    rise_below: f64,
}

impl Mean {
    fn below(self, reference_mhz: f64, tolerance: f64, below: SlowedBelow, cpus: &CpuList) -> Option<Slowed> {
        let is_below = self.mhz < (1.0 - tolerance - self.rise_below) * reference_mhz;
        is_below.then(|| Slowed { cpus: cpus.clone(), mhz: self.mhz, reference_mhz, below })
    }
}

/// The clusters that were read.
fn clusters(samples: &[Sample]) -> Vec<CpuList> {
    let mut clusters: Vec<CpuList> = Vec::new();
    for sample in samples {
        let rest = sample.sensor.strip_prefix("cpu");
        let name = rest.and_then(|rest| rest.strip_suffix("-residency").or(rest.strip_suffix("-frequency")));
        if let Some(cpus) = name.and_then(|name| name.parse().ok())
            && !clusters.contains(&cpus)
        {
            clusters.push(cpus);
        }
    }
    clusters
}

/// When anything was read.
fn stamps(samples: &[Sample]) -> Vec<u64> {
    let mut stamps: Vec<u64> = samples.iter().map(|sample| sample.unix_ns).collect();
    stamps.sort_unstable();
    stamps.dedup();
    stamps
}

/// A cluster within a trial.
struct InTrial<'a> {
    samples: &'a [Sample],
    stamps: &'a [u64],
    cpus: CpuList,
}

/// A reading that covers the time since the one before, seconds since the first.
struct Interval {
    begin_s: f64,
    seconds: f64,
    value: f64,
}

impl InTrial<'_> {
    /// Whether the compute threads ran on it.
    fn computed(&self, options: &ResolvedOptions) -> bool {
        let affinity = options.affinity.as_ref();
        if !affinity.is_none_or(|affinity| affinity.overlaps(&self.cpus)) {
            return false;
        }
        // Without a count of busy time, a cluster computes for sure where every CPU has a thread.
        let full = affinity.is_some_and(|affinity| affinity.count() <= options.threads as usize);
        let busy = self.intervals("busy");
        weighted(&busy, 0.0).map_or(full, |(busy, _)| busy >= COMPUTING_CPUS)
    }

    /// Whether it was limited or ran below what its cores can hold, MHz.
    fn below_held(&self, mean: Option<Mean>, held_mhz: f64) -> Option<Slowed> {
        let limit = self.lowest("limit").map(|mhz| Mean { mhz, rise_below: 0.0 });
        limit
            .and_then(|limit| {
                limit.below(held_mhz, LIMIT_BELOW_MAXIMUM, SlowedBelow::MaximumByLimit, &self.cpus)
            })
            .or_else(|| mean?.below(held_mhz, BELOW_MAXIMUM, SlowedBelow::Maximum, &self.cpus))
    }

    /// The mean frequency over the time in which clocks had risen, or over the whole trial where that is not
    /// known. `None` of a trial that was too short.
    fn mean(&self, what: &str) -> Option<Mean> {
        let intervals = self.intervals(what);
        let whole: f64 = intervals.iter().map(|interval| interval.seconds).sum();
        if let Some((mhz, _)) =
            weighted(&intervals, RISE_S.min(whole / 2.0)).filter(|(_, seconds)| *seconds >= FROM_S)
        {
            return Some(Mean { mhz, rise_below: 0.0 });
        }
        let (mhz, seconds) = weighted(&intervals, 0.0).filter(|(_, seconds)| *seconds >= UNDIVIDED_FROM_S)?;
        Some(Mean { mhz, rise_below: RISE_BELOW * RISE_S / seconds })
    }

    fn readings(&self, what: &str) -> impl Iterator<Item = &Sample> {
        let sensor = format!("cpu{}-{what}", self.cpus);
        self.samples.iter().filter(move |sample| sample.sensor == sensor)
    }

    fn lowest(&self, what: &str) -> Option<f64> {
        self.readings(what).map(|sample| sample.value).reduce(f64::min)
    }

    fn intervals(&self, what: &str) -> Vec<Interval> {
        let Some(&first) = self.stamps.first() else { return Vec::new() };
        let seconds = |from: u64, to: u64| to.saturating_sub(from) as f64 / 1e9;
        let interval = |sample: &Sample| {
            let before = self.stamps.partition_point(|stamp| *stamp < sample.unix_ns).checked_sub(1)?;
            let begin = self.stamps[before];
            let (begin_s, seconds) = (seconds(first, begin), seconds(begin, sample.unix_ns));
            Some(Interval { begin_s, seconds, value: sample.value })
        };
        self.readings(what).filter_map(interval).collect()
    }
}

/// The mean over the intervals that begin so late, seconds, each weighed by its time; and that time.
fn weighted(intervals: &[Interval], from_s: f64) -> Option<(f64, f64)> {
    let late = intervals.iter().filter(|interval| interval.begin_s >= from_s);
    let (sum, seconds) = late.fold((0.0, 0.0), |(sum, seconds), interval| {
        (sum + interval.value * interval.seconds, seconds + interval.seconds)
    });
    (seconds > 0.0).then(|| (sum / seconds, seconds))
}
