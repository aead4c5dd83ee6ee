//! The space on a phone's disk: asked before something is written, and told when it lacks.

use super::{
    retrying_link::{RetryingLink, stdout_if_ok},
    timeouts::COMMAND_TIMEOUT,
};
use crate::{LinkError, quote};

/// Left free on the phone, bytes: its system needs some too.
const RESERVE: u64 = 16 << 20;

/// Makes the folder of a file and checks that there is space for this many bytes. Where the
/// phone's `df` does not tell, the transfer shows it.
pub(super) fn prepare_folder(link: &RetryingLink, path: &str, bytes: u64) -> Result<(), LinkError> {
    // What earlier attempts left is of no use.
    let script = format!(
        "mkdir -p {0} && rm -f {1}.part* || exit; df -Pk {0} 2> /dev/null; true",
        quote(folder_of(path)),
        quote(path)
    );
    let needed = bytes + RESERVE;
    let printed = link
        .run_checked(&script, COMMAND_TIMEOUT)
        .map_err(|error| with_figures(error, link, path, Some(needed)))?;
    let Some(Disk { free, capacity }) = disk(&printed) else { return Ok(()) };
    let serial = link.serial().to_owned();
    match capacity {
        _ if free >= needed => Ok(()),
        Some(capacity) if capacity < needed => Err(LinkError::TooLarge { serial, needed, capacity }),
        _ => Err(LinkError::NoSpace { serial, needed: Some(needed), free: Some(free) }),
    }
}

/// The error of a write to a path; that of a full disk with the bytes needed, where they are
/// known, and the bytes free, where the phone tells.
pub(super) fn with_figures(
    error: LinkError,
    link: &RetryingLink,
    path: &str,
    needed: Option<u64>,
) -> LinkError {
    match error {
        LinkError::NoSpace { serial, needed: known, free: None } => {
            LinkError::NoSpace { serial, needed: needed.or(known), free: free_at(link, path) }
        }
        other => other,
    }
}

/// Bytes free where a path is, or would be.
fn free_at(link: &RetryingLink, path: &str) -> Option<u64> {
    let script = format!(
        "d={}; while [ ! -d \"$d\" ] && [ -n \"$d\" ]; do d=${{d%/*}}; done; df -Pk \"${{d:-/}}\" 2> /dev/null",
        quote(folder_of(path))
    );
    let output = link.inner().run(&script, COMMAND_TIMEOUT).ok()?;
    free_bytes(&stdout_if_ok(link.serial(), &output).ok()?)
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(folder, _)| folder)
}

/// A disk, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Disk {
    free: u64,
    /// What it holds when it is empty.
    capacity: Option<u64>,
}

/// A disk by the last line of `df -Pk`: the numbers before the percentage are its size, what
/// is used, and what is free.
fn disk(df: &str) -> Option<Disk> {
    let words: Vec<&str> =
        df.lines().rev().find(|line| !line.trim().is_empty())?.split_whitespace().collect();
    let percentage = words.iter().rposition(|word| word.ends_with('%') || *word == "-")?;
    let bytes =
        |before: usize| words.get(percentage.checked_sub(before)?)?.parse::<u64>().ok()?.checked_mul(1024);
    let free = bytes(1)?;
    Some(Disk { free, capacity: bytes(3).filter(|&capacity| capacity >= free) })
}

/// Free bytes by the last line of `df -Pk`.
pub(super) fn free_bytes(df: &str) -> Option<u64> {
    disk(df).map(|disk| disk.free)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn free_space_is_read_from_both_kinds_of_df() {
        let toybox = "Filesystem     1024-blocks   Used Available Capacity Mounted on\n/dev/block/dm-53   229376 20480 208896   9% /data\n";
        let busybox = "Filesystem           1024-blocks    Used Available Capacity Mounted on\ntmpfs 10240 10240 0 100% /data/local/my tmp\n";
        assert_eq!(disk(toybox), Some(Disk { free: 208_896 * 1024, capacity: Some(229_376 * 1024) }));
        assert_eq!(free_bytes(busybox), Some(0));
        assert_eq!(free_bytes("df: /x: No such file"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "(?s).*") {
            let _ = free_bytes(&text);
        }
    }
}
