//! Clusters as the phone itself reports them: profiles are compared with them, and phones
//! without a profile have no other.

use super::{Cluster, ClusterKind, CpuSet, Flavour, core_designs};
use crate::{LinkError, Shell, quote};
use std::{collections::BTreeMap, time::Duration};

const TIMEOUT: Duration = Duration::from_secs(15);

/// One line for each CPU, offline ones too, without starting a process for each
/// file; then the designs of those online.
const SCRIPT: &str = r#"
get() { v=; [ -r "$1" ] && read -r v <"$1"; printf ' %s=%s' "$2" "${v:--}"; }
for c in "$root"/sys/devices/system/cpu/cpu[0-9]*; do
  [ -d "$c" ] || continue
  printf 'cpu %s' "${c##*cpu}"
  get "$c/cpufreq/cpuinfo_max_freq" khz
  get "$c/cpu_capacity" capacity
  get "$c/regs/identification/midr_el1" midr
  echo
done 2>/dev/null
grep -E '^(processor|Features|CPU implementer|CPU part)' "$root/proc/cpuinfo" 2>/dev/null
true
"#;

/// A core is slow where it has less than this share of the fastest one's capacity
/// (the kernel's own scale of work done in a time)…
const LITTLE_CAPACITY: f64 = 0.5;
/// …or, where no capacity is reported, of its clock.
const LITTLE_CLOCK: f64 = 0.7;

/// What a phone reports about one CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Core {
    khz: Option<u64>,
    capacity: Option<u64>,
    /// Implementer and part, as in the MIDR register.
    design: Option<(u32, u32)>,
}

/// What a phone reports of its cores.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReportedCores {
    /// Its clusters; none where cpufreq and `/proc/cpuinfo` are both closed.
    pub clusters: Vec<Cluster>,
    /// The fastest agent that all of them can run; `None` where they do not tell their features.
    pub flavour: Option<Flavour>,
}

/// Reads what the phone reports of its cores, in one round trip.
///
/// # Errors
/// The link's.
pub fn read_cores(shell: &dyn Shell) -> Result<ReportedCores, LinkError> {
    read_cores_under(shell, "")
}

/// The same, with the system's files under a folder, as tests plant them.
pub(super) fn read_cores_under(shell: &dyn Shell, root: &str) -> Result<ReportedCores, LinkError> {
    let script = format!("root={}\n{SCRIPT}", quote(root));
    let text = shell.run(&script, TIMEOUT)?.text();
    let tells_features = text.lines().any(|line| line.starts_with("Features"));
    let flavour = tells_features.then(|| Flavour::for_cpuinfo(&text));
    Ok(ReportedCores { clusters: clusters(&parse(&text)), flavour })
}

fn parse(text: &str) -> BTreeMap<u32, Core> {
    let mut all: BTreeMap<u32, Core> = BTreeMap::new();
    // The processors that the next design is of: older kernels list all of them before it.
    let mut online: Vec<u32> = Vec::new();
    let mut is_listing = false;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("cpu ") {
            let mut words = rest.split_whitespace();
            let Some(cpu) = words.next().and_then(|word| word.parse().ok()) else { continue };
            let core = all.entry(cpu).or_default();
            for (name, value) in words.filter_map(|word| word.split_once('=')) {
                match name {
                    "khz" => core.khz = value.parse().ok().filter(|&khz| khz > 0),
                    "capacity" => core.capacity = value.parse().ok().filter(|&capacity| capacity > 0),
                    "midr" => core.design = hex(value).map(|midr| (midr >> 24 & 0xff, midr >> 4 & 0xfff)),
                    _ => {}
                }
            }
        } else if let Some((name, value)) = line.split_once(':') {
            let (name, value) = (name.trim(), value.trim());
            if name == "processor" {
                if !std::mem::replace(&mut is_listing, true) {
                    online.clear();
                }
                online.extend(value.parse::<u32>().ok());
                continue;
            }
            is_listing = false;
            let Some(number) = hex(value) else { continue };
            for &cpu in &online {
                let core = all.entry(cpu).or_default();
                let (implementer, part) = core.design.unwrap_or_default();
                match name {
                    "CPU implementer" => core.design = Some((number, part)),
                    "CPU part" => core.design = Some((implementer, number)),
                    _ => {}
                }
            }
        }
    }
    all
}

fn hex(text: &str) -> Option<u32> {
    u64::from_str_radix(text.trim().strip_prefix("0x")?, 16)
        .ok()
        .and_then(|number| u32::try_from(number).ok())
}

/// Groups neighbours of one design and clock into clusters.
fn clusters(cores: &BTreeMap<u32, Core>) -> Vec<Cluster> {
    let top = |of: fn(&Core) -> Option<u64>| cores.values().filter_map(of).max();
    let (top_capacity, top_khz) = (top(|core| core.capacity), top(|core| core.khz));
    let below = |value: Option<u64>, top: Option<u64>, share: f64| {
        value.zip(top).map(|(value, top)| (value as f64) < share * top as f64)
    };
    let is_little = |core: &Core| {
        let known =
            core.design.and_then(|(implementer, part)| core_designs::is_efficiency(implementer, part));
        known
            .or_else(|| below(core.capacity, top_capacity, LITTLE_CAPACITY))
            .or_else(|| below(core.khz, top_khz, LITTLE_CLOCK))
            .unwrap_or(false)
    };
    // On a phone with efficiency cores only, the fastest of them count as big.
    let all_little = cores.values().all(is_little);
    let fastest = cores.values().filter(|core| all_little || !is_little(core)).map(|core| core.khz).max();
    let mut groups: Vec<(Core, u32, Cluster)> = Vec::new();
    for (&cpu, core) in cores {
        let Some(one) = CpuSet::one(cpu) else { continue };
        match groups.last_mut() {
            Some((like, last, cluster))
                if *last + 1 == cpu && (like.khz, like.design) == (core.khz, core.design) =>
            {
                cluster.cpus = cluster.cpus.union(one);
                *last = cpu;
            }
            _ => {
                let kind = match () {
                    () if Some(core.khz) == fastest && (all_little || !is_little(core)) => ClusterKind::Big,
                    () if is_little(core) => ClusterKind::Little,
                    () => ClusterKind::Middle,
                };
                let core_name = core.design.map_or_else(|| "unknown core".to_owned(), core_designs::name);
                let max_mhz = core.khz.map(|khz| khz as f64 / 1000.0);
                groups.push((*core, cpu, Cluster { cpus: one, core: core_name, max_mhz, kind }));
            }
        }
    }
    groups.into_iter().map(|(_, _, cluster)| cluster).collect()
}
