//! Clocks: clusters of CPUs that share one, how fast they run, and how fast they ran.
//!
//! A clock read at one moment says little. `stats/time_in_state` counts the time at
//! every frequency; two readings of it give the mean frequency in between.

use super::{
    file::{KernelFile, numbered},
    readings::Readings,
    root,
};
use slm_protocol::{Cluster, CpuList};
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

/// Clusters at most: a server has one for each of its hundreds of CPUs.
const MAX_CLUSTERS: usize = 16;

/// Whether all cores of a cluster can hold the highest frequency that the kernel names. On x86 only one can.
const HIGHEST_IS_HELD: bool = !cfg!(any(target_arch = "x86", target_arch = "x86_64"));

/// The clusters under `/sys`, and where each one's files are.
fn found(sys: &Path) -> Vec<(Cluster, PathBuf)> {
    let mut found: Vec<(Cluster, PathBuf)> = Vec::new();
    for (number, folder) in numbered(&sys.join("devices/system/cpu"), "cpu") {
        let folder = folder.join("cpufreq");
        let read = |file: &str| fs::read_to_string(folder.join(file)).ok();
        let khz = |file: &str| read(file).and_then(|text| text.trim().parse::<u64>().ok());
        let max = khz("cpuinfo_max_freq");
        let own = || CpuList::new([u16::try_from(number).ok()?]);
        let cpus = read("related_cpus").and_then(|text| text.parse().ok()).or_else(own);
        if let (Some(max_khz), Some(cpus)) = (max, cpus)
            && found.iter().all(|(cluster, _)| !cluster.cpus.overlaps(&cpus))
        {
            // Intel's driver tells the base in kHz; AMD's firmware in MHz.
            let nominal =
                || fs::read_to_string(folder.join("../acpi_cppc/nominal_freq")).ok()?.trim().parse().ok();
            let nominal_khz = || nominal().and_then(|mhz: u64| mhz.checked_mul(1000));
            let base = khz("base_frequency").or_else(nominal_khz);
            found.push((
                Cluster { cpus, max_khz, held_khz: held_khz(base, max_khz, HIGHEST_IS_HELD) },
                folder,
            ));
        }
    }
    found
}

/// What all cores can hold, from a base frequency, in which 0 is none, and the highest.
fn held_khz(base: Option<u64>, max_khz: u64, highest_is_held: bool) -> Option<u64> {
    let base = base.filter(|khz| *khz > 0).map(|khz| khz.min(max_khz));
    base.or(highest_is_held.then_some(max_khz))
}

/// The clusters under `/sys`.
pub(crate) fn clusters(sys: &Path) -> Vec<Cluster> {
    found(sys).into_iter().map(|(cluster, _)| cluster).collect()
}

/// The clocks of all clusters.
pub(super) struct Clocks {
    clusters: Vec<Clock>,
    busy: HashMap<u16, Ticks>,
}

struct Clock {
    cpus: CpuList,
    current: Option<KernelFile>,
    limit: Option<KernelFile>,
    time_in_state: Option<KernelFile>,
    last: Option<Residency>,
}

impl Clocks {
    pub(super) fn under(sys: &Path) -> Self {
        let clusters = found(sys).into_iter().take(MAX_CLUSTERS).map(|(cluster, folder)| Clock {
            cpus: cluster.cpus,
            current: KernelFile::open(&folder.join("scaling_cur_freq")),
            limit: KernelFile::open(&folder.join("scaling_max_freq")),
            time_in_state: KernelFile::open(&folder.join("stats/time_in_state")),
            last: None,
        });
        Self { clusters: clusters.collect(), busy: HashMap::new() }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.clusters.is_empty()
    }

    /// The highest frequencies allowed at present: heat and power saving lower them.
    pub(super) fn limits(&self, readings: &mut Readings) {
        for clock in &self.clusters {
            let khz = clock.limit.as_ref().and_then(KernelFile::number);
            readings.push(&format!("cpu{}-limit", clock.cpus), khz.map(|khz| khz / 1e3), "MHz");
        }
    }

    /// Forgets earlier readings: the next one has nothing to compare with.
    pub(super) fn restart(&mut self) {
        self.clusters.iter_mut().for_each(|clock| clock.last = None);
        self.busy.clear();
    }

    /// One reading; with the means since the last one, if there was one.
    pub(super) fn read(&mut self, readings: &mut Readings) {
        if self.clusters.is_empty() {
            return;
        }
        let busy = root::read("proc/stat").map(|text| ticks(&text)).unwrap_or_default();
        for clock in &mut self.clusters {
            let name = |what: &str| format!("cpu{}-{what}", clock.cpus);
            let khz = clock.current.as_ref().and_then(KernelFile::number);
            readings.push(&name("frequency"), khz.map(|khz| khz / 1e3), "MHz");
            let now = clock.time_in_state.as_ref().and_then(|file| residency(&file.text()?));
            if let (Some(last), Some(now)) = (clock.last, now) {
                readings.push(&name("residency"), now.mean_mhz_since(last), "MHz");
            }
            clock.last = now.or(clock.last);
            let since = |cpu| busy.get(&cpu)?.busy_since(*self.busy.get(&cpu)?);
            let shares: Vec<f64> = clock.cpus.iter().filter_map(since).collect();
            readings.push(&name("busy"), (!shares.is_empty()).then(|| shares.iter().sum()), "CPU");
        }
        self.busy = busy;
    }
}

/// Time at all frequencies of a cluster so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Residency {
    /// Sum of frequency and time at it, kHz x ticks.
    weighted: u128,
    ticks: u128,
}

impl Residency {
    fn mean_mhz_since(self, earlier: Self) -> Option<f64> {
        let ticks = self.ticks.checked_sub(earlier.ticks).filter(|ticks| *ticks > 0)?;
        let weighted = self.weighted.checked_sub(earlier.weighted)?;
        Some(weighted as f64 / ticks as f64 / 1e3)
    }
}

/// Lines of `<kHz> <ticks of 10 ms>`; with idle time, as the kernel counts it.
fn residency(text: &str) -> Option<Residency> {
    let mut sum = Residency { weighted: 0, ticks: 0 };
    for line in text.lines() {
        let (khz, ticks) = line.trim().split_once(' ')?;
        let (khz, ticks): (u64, u64) = (khz.parse().ok()?, ticks.trim().parse().ok()?);
        sum.weighted = sum.weighted.checked_add(u128::from(khz) * u128::from(ticks))?;
        sum.ticks += u128::from(ticks);
    }
    (sum.ticks > 0).then_some(sum)
}

/// Time of one CPU so far, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ticks {
    busy: u64,
    all: u64,
}

impl Ticks {
    fn busy_since(self, earlier: Self) -> Option<f64> {
        let all = self.all.checked_sub(earlier.all).filter(|all| *all > 0)?;
        Some(self.busy.saturating_sub(earlier.busy) as f64 / all as f64)
    }
}

/// The lines `cpu<N> …` of /proc/stat: user, nice, system, idle, iowait, irq, softirq,
/// steal; guest time is part of user time already.
fn ticks(text: &str) -> HashMap<u16, Ticks> {
    let line = |line: &str| {
        let mut words = line.strip_prefix("cpu")?.split_ascii_whitespace();
        let cpu = words.next()?.parse().ok()?;
        let fields: Vec<u64> = words.take(8).map_while(|word| word.parse().ok()).collect();
        let all = fields.iter().copied().fold(0, u64::saturating_add);
        let idle = fields.get(3)?.saturating_add(fields.get(4).copied().unwrap_or(0));
        Some((cpu, Ticks { busy: all.saturating_sub(idle), all }))
    };
    // `cpu ` is the sum of all: no number follows, and the first field is none of a CPU's.
    text.lines().filter(|line| !line.starts_with("cpu ")).filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn residency_is_the_mean_of_what_was_between_two_readings() {
        let before = residency("300000 1000\n2400000 0\n").unwrap();
        let after = residency("300000 1025\n2400000 75\n").unwrap();
        assert_eq!(after.mean_mhz_since(before), Some(0.25 * 300.0 + 0.75 * 2400.0));
        assert_eq!(before.mean_mhz_since(before), None);
        assert_eq!(before.mean_mhz_since(after), None, "counters that were reset say nothing");
        assert_eq!([residency(""), residency("300000"), residency("x 1"), residency("300000 0")], [None; 4]);
    }

    #[test]
    fn busy_time_is_counted_for_each_cpu() {
        let before = ticks("cpu  9 9 9 9\ncpu0 100 0 0 100 0 0 0 0 0 0\ncpu1 0 0 0 200\nintr 5\n");
        let after = ticks("cpu  9 9 9 9\ncpu0 190 0 0 110 0 0 0 0 0 0\ncpu1 0 0 0 300\n");
        assert_eq!(after[&0].busy_since(before[&0]), Some(0.9));
        assert_eq!(after[&1].busy_since(before[&1]), Some(0.0));
        assert_eq!(before.len(), 2);
    }

    #[test]
    fn what_x86_can_hold_is_known_only_with_a_base_frequency() {
        let (turbo, phone) = (false, true);
        assert_eq!(held_khz(Some(2_400_000), 4_800_000, turbo), Some(2_400_000));
        assert_eq!(held_khz(None, 4_800_000, turbo), None);
        assert_eq!(held_khz(Some(0), 4_800_000, turbo), None);
        assert_eq!(held_khz(None, 2_900_000, phone), Some(2_900_000));
    }

    #[test]
    fn clusters_are_read_once_each() {
        let sys = tempfile::tempdir().unwrap();
        for cpu in 0..8u16 {
            let folder = sys.path().join(format!("devices/system/cpu/cpu{cpu}/cpufreq"));
            fs::create_dir_all(&folder).unwrap();
            let (related, max) =
                if cpu < 4 { ("0 1 2 3\n", "1950000\n") } else { ("4 5 6 7\n", "2900000\n") };
            fs::write(folder.join("related_cpus"), related).unwrap();
            fs::write(folder.join("cpuinfo_max_freq"), max).unwrap();
            fs::write(folder.join("base_frequency"), "2000000\n").unwrap();
        }
        let found: Vec<String> = clusters(sys.path())
            .iter()
            .map(|c| format!("{} {} {:?}", c.cpus, c.max_khz, c.held_khz))
            .collect();
        assert_eq!(
            found,
            ["0-3 1950000 Some(1950000)", "4-7 2900000 Some(2000000)"],
            "no base is above the highest"
        );
        assert_eq!(clusters(Path::new("/nonexistent")), []);
    }

    proptest! {
        #[test]
        fn a_mean_lies_between_the_frequencies(
            states in proptest::collection::vec((100_000u64..4_000_000, 0u64..1_000_000, 0u64..1_000_000), 1..30)
        ) {
            let text = |more: bool| {
                let line = |(khz, ticks, later): &(u64, u64, u64)| format!("{khz} {}\n", ticks + if more { *later } else { 0 });
                states.iter().map(line).collect::<Vec<String>>().concat()
            };
            if let (Some(before), Some(after)) = (residency(&text(false)), residency(&text(true)))
                && let Some(mean) = after.mean_mhz_since(before) {
                let lowest = states.iter().map(|s| s.0).min().unwrap() as f64 / 1e3;
                let highest = states.iter().map(|s| s.0).max().unwrap() as f64 / 1e3;
                prop_assert!(mean >= lowest - 1e-6 && mean <= highest + 1e-6, "{mean} {lowest} {highest}");
            }
        }

        #[test]
        fn no_text_makes_the_parsers_panic(text in "[cpu0-9 \n.x-]{0,200}") {
            let _ = (residency(&text), ticks(&text));
        }
    }
}
