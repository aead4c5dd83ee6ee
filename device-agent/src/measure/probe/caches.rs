//! How large the last caches are, as far as the kernel tells.

use crate::{measure::affinity, sensors::root};
use std::collections::BTreeMap;

/// Bytes of the last caches of all CPUs that this thread may use, together. `None` where the kernel
/// names none, as on many phones.
pub(super) fn last_level_bytes() -> Option<u64> {
    let allowed = affinity::allowed();
    let cpus: Vec<u16> = allowed.map_or_else(|| vec![0], |cpus| cpus.iter().collect());
    total(cpus.into_iter().filter_map(last_of_cpu))
}

/// The cache of the highest level of a CPU.
struct Cache {
    level: u32,
    bytes: u64,
    /// Which CPUs have it in common, as the kernel writes it.
    shared: String,
}

/// Each cache once, of the highest level that there is.
fn total(caches: impl Iterator<Item = Cache>) -> Option<u64> {
    let mut distinct: BTreeMap<(u32, String), u64> = BTreeMap::new();
    for cache in caches {
        distinct.insert((cache.level, cache.shared), cache.bytes);
    }
    let highest = distinct.keys().map(|(level, _)| *level).max()?;
    let of_highest = distinct.iter().filter(|((level, _), _)| *level == highest);
    Some(of_highest.map(|(_, bytes)| bytes).sum())
}

fn last_of_cpu(cpu: u16) -> Option<Cache> {
    (0..8).filter_map(|index| cache(cpu, index)).max_by_key(|cache| cache.level)
}

fn cache(cpu: u16, index: u32) -> Option<Cache> {
    let read = |file: &str| root::read(&format!("sys/devices/system/cpu/cpu{cpu}/cache/index{index}/{file}"));
    Some(Cache {
        level: read("level")?.trim().parse().ok()?,
        bytes: size(&read("size")?)?,
        shared: read("shared_cpu_list").unwrap_or_else(|| cpu.to_string()).trim().to_owned(),
    })
}

/// `32768K`, `8M`, or bytes.
fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let (digits, factor) = match text.as_bytes().last()? {
        b'K' => (&text[..text.len() - 1], 1 << 10),
        b'M' => (&text[..text.len() - 1], 1 << 20),
        _ => (text, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(factor).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_the_kernel_writes_them() {
        assert_eq!(size("32768K\n"), Some(32 << 20));
        assert_eq!((size("8M"), size("512")), (Some(8 << 20), Some(512)));
        assert_eq!([size(""), size("K"), size("0K"), size("x")], [None; 4]);
    }

    #[test]
    fn a_cache_in_common_counts_once_and_lower_levels_do_not() {
        let cache = |level, bytes, shared: &str| Cache { level, bytes, shared: shared.to_owned() };
        let caches = [cache(3, 32, "0-1"), cache(3, 32, "0-1"), cache(3, 32, "2-3"), cache(2, 1, "4")];
        assert_eq!(total(caches.into_iter()), Some(64));
        assert_eq!(total(std::iter::empty()), None);
    }
}
