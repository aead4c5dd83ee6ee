//! Which CPUs a thread may use.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use slm_protocol::{Cluster, CpuList};
use std::io;

/// CPUs that the calling thread may use; `None` where the kernel does not say.
pub(crate) fn allowed() -> Option<CpuList> {
    let set = sched_getaffinity(None).ok()?;
    CpuList::new(
        (0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).filter_map(|cpu| u16::try_from(cpu).ok()),
    )
}

/// Binds the calling thread, and with it the threads that it makes from now on. A
/// phone's cpusets may leave less than was asked for: ask [`allowed`] afterwards.
pub(crate) fn bind(cpus: &CpuList) -> io::Result<()> {
    let mut set = CpuSet::new();
    for cpu in cpus.iter().map(usize::from).filter(|cpu| *cpu < CpuSet::MAX_CPU) {
        set.set(cpu);
    }
    Ok(sched_setaffinity(None, &set)?)
}

/// CPUs for the threads that only watch: those that do not compute, else the slowest
/// cluster. `None`: there is no better choice than all.
pub(crate) fn for_helpers(
    allowed: Option<&CpuList>,
    compute: Option<&CpuList>,
    clusters: &[Cluster],
) -> Option<CpuList> {
    let allowed = allowed?;
    if let Some(others) = compute.and_then(|compute| allowed.difference(compute)) {
        return Some(others);
    }
    let slowest = clusters.iter().min_by_key(|cluster| cluster.max_khz)?;
    let fastest = clusters.iter().map(|cluster| cluster.max_khz).max()?;
    (slowest.max_khz < fastest).then(|| slowest.cpus.intersection(allowed)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_thread_stays_where_it_was_bound() {
        let Some(all) = allowed() else { return };
        let one = CpuList::new(all.iter().take(1)).expect("one is left");
        let bound =
            std::thread::spawn(move || bind(&one).map(|()| (allowed(), one))).join().expect("no panic");
        let (now, one) = bound.expect("the kernel lets a thread bind itself");
        assert_eq!(now, Some(one));
        assert_eq!(allowed(), Some(all), "other threads are not touched");
        let nowhere = CpuList::new([1023]).expect("a valid number");
        assert!(std::thread::spawn(move || bind(&nowhere)).join().expect("no panic").is_err());
    }

    #[test]
    fn helpers_keep_off_the_compute_cores() {
        let list = |text: &str| text.parse::<CpuList>().unwrap();
        let (all, big, little) = (list("0-7"), list("4-7"), list("0-3"));
        let cluster =
            |cpus: &CpuList, max_khz| Cluster { cpus: cpus.clone(), max_khz, held_khz: Some(max_khz) };
        let clusters = [cluster(&little, 1_900_000), cluster(&big, 3_000_000)];
        assert_eq!(for_helpers(Some(&all), Some(&big), &clusters), Some(little.clone()));
        assert_eq!(for_helpers(Some(&all), None, &clusters), Some(little.clone()));
        assert_eq!(for_helpers(Some(&all), Some(&all), &clusters), Some(little));
        assert_eq!(for_helpers(Some(&all), None, &[cluster(&all, 3_000_000)]), None);
        assert_eq!(for_helpers(Some(&big), Some(&big), &clusters), None);
    }
}
