//! Facts about the machine, as its kernel reports them, on Linux and Android. Where a file
//! is missing or cannot be read, a fact is missing, never wrong.

use super::{cpufreq, root, thermal::Thermometer};
use crate::measure::{affinity, clock, contention::Moment};
use slm_protocol::{CpuList, MachineFacts};
use std::{collections::BTreeSet, thread, time::Duration};

/// How long the machine is watched for other busy processes.
const WATCH: Duration = Duration::from_millis(200);

/// [`WATCH`] in nanoseconds: it is not part of any load time.
pub(crate) fn watch_ns() -> u64 {
    clock::duration_ns(WATCH)
}

/// Reads the facts; takes [`WATCH`], in which this process sleeps.
pub(crate) fn facts() -> MachineFacts {
    let start = Moment::now();
    thread::sleep(WATCH);
    let contention = Some(start.sources());
    let busy = start.others_until(&Moment::now()).unwrap_or_default().as_secs_f64() / WATCH.as_secs_f64();
    let cpuinfo = root::read("proc/cpuinfo").unwrap_or_default();
    let meminfo = root::read("proc/meminfo").unwrap_or_default();
    let uname = rustix::system::uname();
    let cores = physical_cores();
    MachineFacts {
        cpu: cpu_name(&cpuinfo).unwrap_or_else(|| "unknown".to_owned()),
        kernel: format!("{} {}", uname.sysname().to_string_lossy(), uname.release().to_string_lossy()),
        physical_cores: cores,
        busy_cores: busy.min(f64::from(cores)),
        cpu_features: cpu_features(&cpuinfo),
        memory_total: meminfo_bytes(&meminfo, "MemTotal:").unwrap_or(0),
        memory_available: meminfo_bytes(&meminfo, "MemAvailable:").unwrap_or(0),
        cpus: affinity::allowed(),
        clusters: cpufreq::clusters(&root::path("sys")),
        temperature_c: Thermometer::under(&root::path("sys")).hottest().map(|(degrees, _)| degrees),
        contention,
    }
}

/// Physical cores that this process may use: distinct cores within its affinity,
/// and no more than its cgroup's quota (which the standard library reads).
pub(crate) fn physical_cores() -> u32 {
    let allowed = affinity::allowed();
    let cores: BTreeSet<String> = allowed.iter().flat_map(CpuList::iter).map(core_of).collect();
    let quota = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cores = if cores.is_empty() { quota } else { cores.len().min(quota) };
    u32::try_from(cores).unwrap_or(1).max(1)
}

/// A name for the core that a logical CPU belongs to: the list of its siblings.
fn core_of(cpu: u16) -> String {
    ["core_cpus_list", "thread_siblings_list"]
        .iter()
        .find_map(|file| root::read(&format!("sys/devices/system/cpu/cpu{cpu}/topology/{file}")))
        .map_or_else(|| cpu.to_string(), |list| list.trim().to_owned())
}

/// x86 says `model name`, older ARM kernels `Hardware`; newer ones only numbers.
fn cpu_name(cpuinfo: &str) -> Option<String> {
    ["model name", "Hardware", "Processor", "cpu model", "uarch"]
        .iter()
        .find_map(|key| value_of(cpuinfo, key))
        .map(str::to_owned)
        .or_else(|| arm_parts(cpuinfo))
}

/// `ARM implementer 0x41 parts 0xd46 x4, 0xd4d x3, 0xd4e x1`: what an ARM kernel
/// without names tells, in the order of first appearance.
fn arm_parts(cpuinfo: &str) -> Option<String> {
    let implementer = value_of(cpuinfo, "CPU implementer")?;
    let mut parts: Vec<(&str, u32)> = Vec::new();
    for part in cpuinfo.lines().filter_map(|line| split(line, "CPU part")) {
        match parts.iter_mut().find(|(name, _)| *name == part) {
            Some((_, count)) => *count += 1,
            None => parts.push((part, 1)),
        }
    }
    let parts: Vec<String> = parts.iter().map(|(name, count)| format!("{name} x{count}")).collect();
    Some(format!("ARM implementer {implementer} parts {}", parts.join(", ")))
}

/// `flags` on x86, `Features` on ARM.
fn cpu_features(cpuinfo: &str) -> Vec<String> {
    ["flags", "Features"]
        .iter()
        .find_map(|key| value_of(cpuinfo, key))
        .map(|list| list.split_ascii_whitespace().map(str::to_owned).collect())
        .unwrap_or_default()
}

fn value_of<'a>(cpuinfo: &'a str, key: &str) -> Option<&'a str> {
    cpuinfo.lines().find_map(|line| split(line, key)).filter(|value| !value.is_empty())
}

fn split<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (name, value) = line.split_once(':')?;
    (name.trim() == key).then(|| value.trim())
}

/// A line of `/proc/meminfo`, bytes.
pub(super) fn meminfo_bytes(meminfo: &str, name: &str) -> Option<u64> {
    let rest = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
    Some(rest.split_ascii_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x86_and_arm_forms_are_understood() {
        let x86 = "processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\nflags\t\t: fpu avx2\n";
        assert_eq!(cpu_name(x86).as_deref(), Some("Some CPU @ 3 GHz"));
        assert_eq!(cpu_features(x86), ["fpu", "avx2"]);
        let arm = "processor\t: 0\nFeatures\t: fp asimd asimddp\nCPU implementer\t: 0x41\nCPU part\t: 0xd46\n\n\
                   processor\t: 1\nCPU implementer\t: 0x41\nCPU part\t: 0xd46\n\nprocessor\t: 2\nCPU part\t: 0xd4e\n";
        assert_eq!(cpu_name(arm).as_deref(), Some("ARM implementer 0x41 parts 0xd46 x2, 0xd4e x1"));
        assert_eq!(cpu_features(arm), ["fp", "asimd", "asimddp"]);
        let android = format!("{arm}\nHardware\t: Exynos 2400\n");
        assert_eq!(cpu_name(&android).as_deref(), Some("Exynos 2400"));
        assert_eq!(cpu_name(""), None);
    }

    #[test]
    fn this_machine_has_cores_and_memory() {
        let facts = facts();
        assert!(facts.physical_cores >= 1);
        assert!(facts.busy_cores >= 0.0 && facts.busy_cores <= f64::from(facts.physical_cores));
        assert!(facts.memory_total > facts.memory_available && facts.memory_available > 0);
    }
}
