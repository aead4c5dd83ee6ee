//! Memory that this process may still take: what the machine has, and what limits on the process leave of it.
//! Beyond them the kernel refuses it, or ends the process.

use super::{machine, root};
use rustix::process::{Resource, getrlimit};
use std::{fs, path::Path};

/// Bytes; `None` where the kernel does not say.
pub(crate) fn bytes() -> Option<u64> {
    let of_machine = machine::meminfo_bytes(&root::read("proc/meminfo")?, "MemAvailable:")?;
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = [left_by_cgroups(&groups, &root::path("sys/fs/cgroup")), left_of_address_space()];
    Some(limits.into_iter().flatten().fold(of_machine, u64::min))
}

/// What `ulimit -v` leaves.
fn left_of_address_space() -> Option<u64> {
    let limit = getrlimit(Resource::As).current?;
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_ascii_whitespace().next()?.parse().ok()?;
    Some(limit.saturating_sub(pages.saturating_mul(rustix::param::page_size() as u64)))
}

/// The files of a hierarchy of control groups.
struct Hierarchy {
    /// Below the common mount.
    folder: &'static str,
    limit: &'static str,
    usage: &'static str,
    /// In `memory.stat`: pages of files that the kernel takes back first.
    inactive: &'static str,
}

const VERSION_1: Hierarchy = Hierarchy {
    folder: "memory",
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    inactive: "total_inactive_file",
};
const VERSION_2: Hierarchy =
    Hierarchy { folder: "", limit: "memory.max", usage: "memory.current", inactive: "inactive_file" };

/// What the limits of the groups leave in which `/proc/self/cgroup` says that the process is; `None` without a limit.
fn left_by_cgroups(groups: &str, mount: &Path) -> Option<u64> {
    let of_line = |line: &str| {
        // `4:memory:/a/b`, and of version 2 `0::/a/b`.
        let (controllers, group) = line.split_once(':')?.1.split_once(':')?;
        let hierarchy = match controllers {
            "" => VERSION_2,
            _ if controllers.split(',').any(|name| name == "memory") => VERSION_1,
            _ => return None,
        };
        let mount = mount.join(hierarchy.folder);
        // The groups around it have limits too. A container may see its own group alone, as the mount itself.
        let group = mount.join(group.trim_start_matches('/'));
        let groups = group.ancestors().take_while(|group| group.starts_with(&mount));
        groups.filter_map(|group| hierarchy.left(group)).min()
    };
    groups.lines().filter_map(of_line).min()
}

impl Hierarchy {
    fn left(&self, group: &Path) -> Option<u64> {
        let read = |file: &str| fs::read_to_string(group.join(file)).ok();
        let number = |file: &str| read(file)?.trim().parse::<u64>().ok();
        let (limit, usage) = (number(self.limit)?, number(self.usage)?);
        let stat = read("memory.stat").unwrap_or_default();
        let inactive = stat.lines().find_map(|line| line.strip_prefix(self.inactive)?.trim().parse().ok());
        Some(limit.saturating_sub(usage.saturating_sub(inactive.unwrap_or(0))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(mount: &Path, files: &[(&str, &str)]) {
        for (file, text) in files {
            let path = mount.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    #[test]
    fn the_tightest_of_the_groups_around_the_process_counts() {
        let mount = tempfile::tempdir().unwrap();
        write(
            mount.path(),
            &[
                ("a/memory.max", "1000\n"),
                ("a/memory.current", "900\n"),
                ("a/memory.stat", "anon 500\ninactive_file 300\nactive_file 100\n"),
                ("a/b/memory.max", "800\n"),
                ("a/b/memory.current", "50\n"),
                ("a/b/c/memory.max", "max\n"),
                ("a/b/c/memory.current", "50\n"),
            ],
        );
        let left = |groups: &str| left_by_cgroups(groups, mount.path());
        assert_eq!(left("0::/a\n"), Some(400));
        assert_eq!(left("0::/a/b/c\n"), Some(400), "of the outer group");
        write(mount.path(), &[("a/b/memory.current", "700\n")]);
        assert_eq!(left("0::/a/b/c\n"), Some(100));
        assert_eq!((left("0::/x\n"), left("0::/\n"), left(""), left("nonsense")), (None, None, None, None));
    }

    #[test]
    fn the_older_hierarchy_is_read_and_a_group_that_is_mounted_as_the_root_is_found() {
        let mount = tempfile::tempdir().unwrap();
        write(
            mount.path(),
            &[
                ("memory/memory.limit_in_bytes", "2000\n"),
                ("memory/memory.usage_in_bytes", "1500\n"),
                ("memory/memory.stat", "inactive_file 1\ntotal_inactive_file 200\n"),
            ],
        );
        let groups = "5:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n1:name=systemd:/x\n0::/x\n";
        assert_eq!(left_by_cgroups(groups, mount.path()), Some(700));
    }

    #[test]
    fn this_process_may_take_some() {
        assert!(bytes().is_some_and(|bytes| bytes > 1 << 20));
    }
}
