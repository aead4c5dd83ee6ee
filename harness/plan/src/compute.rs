//! Threads and CPUs: from what was asked for and what a device has to what its agent
//! is asked for.

use crate::{
    device::DeviceFacts,
    error::{Error, Result},
    request::{AffinityChoice, SweepRequest, ThreadsChoice},
};
use slm_protocol::{CpuList, MachineFacts};

/// What a device computes with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compute {
    /// Threads; `None`: found by trying.
    pub threads: Option<u32>,
    /// CPUs; `None`: all.
    pub affinity: Option<CpuList>,
}

impl Compute {
    /// What was asked for, on a device.
    ///
    /// # Errors
    /// [`Error::Input`] for CPUs that it has not.
    pub fn of(request: &SweepRequest, device: &DeviceFacts) -> Result<Self> {
        let (machine, is_mobile) = (&device.agent.machine, device.capabilities.is_mobile);
        let affinity =
            affinity(request.affinity.as_ref(), machine, is_mobile, device.capabilities.big_cores.as_ref())?;
        let threads = threads(request.threads, machine, is_mobile, affinity.as_ref());
        Ok(Self { threads, affinity })
    }
}

/// CPUs for the compute threads; `None`: all. The default is a phone's big cores, as its
/// profile or itself tells them, and all elsewhere.
///
/// # Errors
/// [`Error::Input`] for CPUs that the device has not.
fn affinity(
    asked: Option<&AffinityChoice>,
    machine: &MachineFacts,
    is_mobile: bool,
    big: Option<&CpuList>,
) -> Result<Option<CpuList>> {
    let choice = asked.cloned().unwrap_or(if is_mobile { AffinityChoice::Big } else { AffinityChoice::All });
    let cpus = match choice {
        AffinityChoice::All => None,
        AffinityChoice::Big => big.map_or_else(|| big_cores(machine), |big| usable(big, machine)),
        AffinityChoice::Cpus(cpus) => Some(cpus),
    };
    if let (Some(cpus), Some(there)) = (&cpus, &machine.cpus)
        && !cpus.is_subset(there)
    {
        let what = format!("--affinity {cpus} names CPUs that the agent may not use");
        return Err(Error::input(what, format!("it may use {there}")));
    }
    Ok(cpus)
}

/// All but the slowest cluster; `None` where the cores are alike, or the kernel does
/// not tell.
fn big_cores(machine: &MachineFacts) -> Option<CpuList> {
    let slowest = machine.clusters.iter().map(|cluster| cluster.max_khz).min()?;
    let big = machine.clusters.iter().filter(|cluster| cluster.max_khz > slowest);
    let big = CpuList::new(big.flat_map(|cluster| cluster.cpus.iter()))?;
    usable(&big, machine)
}

/// Those that the agent may use, if any: a phone may confine what adb starts.
fn usable(cpus: &CpuList, machine: &MachineFacts) -> Option<CpuList> {
    machine.cpus.as_ref().map_or(Some(cpus.clone()), |there| cpus.intersection(there))
}

/// Threads; `None`: the agent shall find them by trying. The device's cores decide, not its load
/// at the moment: a sweep must not run on fewer threads because a process was busy when it began.
fn threads(
    asked: ThreadsChoice,
    machine: &MachineFacts,
    is_mobile: bool,
    affinity: Option<&CpuList>,
) -> Option<u32> {
    match asked {
        ThreadsChoice::Count(threads) => Some(threads),
        ThreadsChoice::Calibrate => None,
        ThreadsChoice::Auto if is_mobile => None,
        ThreadsChoice::Auto => {
            let most = affinity.map_or(u32::MAX, |cpus| u32::try_from(cpus.count()).unwrap_or(u32::MAX));
            Some(machine.physical_cores.min(most).max(1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use slm_protocol::Cluster;

    fn phone() -> MachineFacts {
        let cluster =
            |cpus: &str, max_khz| Cluster { cpus: cpus.parse().unwrap(), max_khz, held_khz: Some(max_khz) };
        MachineFacts {
            physical_cores: 10,
            busy_cores: 0.3,
            cpus: "0-9".parse().ok(),
            clusters: vec![
                cluster("0-3", 1_959_000),
                cluster("4-6", 2_592_000),
                cluster("7-8", 2_900_000),
                cluster("9", 3_207_000),
            ],
            ..slm_testkit::agent::machine()
        }
    }

    #[test]
    fn big_cores_are_all_but_the_slowest_cluster_that_may_be_used() {
        let text = |machine: &MachineFacts| big_cores(machine).map(|cpus| cpus.to_string());
        assert_eq!(text(&phone()).as_deref(), Some("4-9"));
        let confined = MachineFacts { cpus: "0-6".parse().ok(), ..phone() };
        assert_eq!(text(&confined).as_deref(), Some("4-6"));
        let alike = MachineFacts { clusters: vec![phone().clusters.remove(0)], ..phone() };
        assert_eq!((text(&alike), text(&MachineFacts { clusters: Vec::new(), ..phone() })), (None, None));
    }

    #[test]
    fn a_profile_goes_before_the_clocks_and_what_was_typed_before_both() {
        let chosen = |asked: Option<&str>, big: Option<&str>| {
            let asked = asked.map(|cpus| AffinityChoice::Cpus(cpus.parse().unwrap()));
            let big: Option<CpuList> = big.map(|cpus| cpus.parse().unwrap());
            affinity(asked.as_ref(), &phone(), true, big.as_ref()).unwrap().map(|cpus| cpus.to_string())
        };
        assert_eq!(chosen(None, None).as_deref(), Some("4-9"));
        assert_eq!(chosen(None, Some("7-11")).as_deref(), Some("7-9"));
        assert_eq!(chosen(Some("0-1"), Some("7-9")).as_deref(), Some("0-1"));
        assert_eq!(chosen(None, Some("20-23")), None, "none that could be used");
        assert_eq!(affinity(None, &phone(), false, None).unwrap(), None);
    }

    #[test]
    fn threads_are_the_cores_whatever_the_load() {
        for busy_cores in [0.0, 2.7, 10.0] {
            let machine = MachineFacts { busy_cores, ..phone() };
            let bound: Option<CpuList> = "4-7".parse().ok();
            assert_eq!(threads(ThreadsChoice::Auto, &machine, false, None), Some(10));
            assert_eq!(threads(ThreadsChoice::Auto, &machine, false, bound.as_ref()), Some(4));
        }
    }
}
