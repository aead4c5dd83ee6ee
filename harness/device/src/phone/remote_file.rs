//! Files on a phone: space is checked before a transfer, size and content after it. A
//! file gets its name only when it is complete.

use super::{
    retrying_link::{RetryingLink, stdout_if_ok},
    timeouts::COMMAND_TIMEOUT,
};
use crate::{LinkError, Notice, quote};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// Left free on the phone, bytes: its system needs some too.
const RESERVE: u64 = 16 << 20;
/// How often a file is sent before a damaged arrival counts as a failure.
const ATTEMPTS: u32 = 3;
/// How often the user is told of the progress of a long transfer.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(10);
/// The slowest phone, busy with other work, hashes at least this many bytes a second.
const HASHED_PER_SECOND: u64 = 100 << 10;

/// A file that a phone must have.
#[derive(Clone, Copy, Debug)]
pub(super) struct RemoteFile<'a> {
    /// Absolute path on the phone.
    pub(super) path: &'a str,
    /// Hash of its content.
    pub(super) sha256: &'a str,
    /// Size, bytes.
    pub(super) bytes: u64,
    /// Mode, in octal digits.
    pub(super) mode: &'static str,
}

/// What a phone has at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// No file.
    Missing,
    /// A file of another size or content.
    Damaged,
    /// The file.
    Whole,
}

impl RemoteFile<'_> {
    /// What there is at a path of the phone.
    fn presence_at(&self, link: &RetryingLink, path: &str) -> Result<Presence, LinkError> {
        // Size first: hashing takes seconds.
        let script = format!(
            "f={}; [ -f \"$f\" ] || exit 0; n=$(wc -c < \"$f\"); if [ \"$n\" -eq {} ]; then sha256sum < \"$f\"; else echo damaged; fi",
            quote(path),
            self.bytes
        );
        let at_most = Duration::from_mins(1) + Duration::from_secs(self.bytes / HASHED_PER_SECOND);
        let output = link.run_long(&script, at_most)?;
        let printed = stdout_if_ok(link.serial(), &output)?;
        Ok(match printed.split_whitespace().next() {
            None => Presence::Missing,
            Some(sha256) if sha256 == self.sha256 => Presence::Whole,
            Some(_) => Presence::Damaged,
        })
    }

    /// What the phone has of it. The user is told of a damaged one.
    pub(super) fn presence(&self, link: &RetryingLink) -> Result<Presence, LinkError> {
        let presence = self.presence_at(link, self.path)?;
        if presence == Presence::Damaged {
            link.notify(Notice::Damaged(self.path));
        }
        Ok(presence)
    }

    /// Whether the phone has it.
    pub(super) fn exists(&self, link: &RetryingLink) -> Result<bool, LinkError> {
        self.presence(link).map(|presence| presence == Presence::Whole)
    }

    /// Sends it unless the phone has it already; gives the bytes that were sent.
    pub(super) fn ensure(&self, link: &RetryingLink, from: &Path) -> Result<u64, LinkError> {
        if self.exists(link)? { Ok(0) } else { self.place(link, from) }
    }

    /// Sends it, whatever the phone has; gives the bytes that were sent.
    pub(super) fn place(&self, link: &RetryingLink, from: &Path) -> Result<u64, LinkError> {
        for _ in 0..ATTEMPTS {
            prepare_folder(link, self.path, self.bytes)?;
            // A name for each process: a transfer that was given up may still be writing.
            let part = format!("{}.part{}", self.path, std::process::id());
            self.send(link, from, &part)?;
            if self.presence_at(link, &part)? == Presence::Whole {
                let (part, path) = (quote(&part), quote(self.path));
                // Where the answer was lost and this is run again, the file has its name already.
                let rename = format!(
                    "if [ -e {part} ]; then chmod {} {part} && mv -f {part} {path}; else [ -e {path} ]; fi",
                    self.mode
                );
                link.run_checked(&rename, COMMAND_TIMEOUT)?;
                return Ok(self.bytes);
            }
        }
        let why = format!("{} arrived damaged {ATTEMPTS} times", self.path);
        Err(LinkError::Refused { serial: link.serial().to_owned(), why })
    }

    fn send(&self, link: &RetryingLink, from: &Path, to: &str) -> Result<(), LinkError> {
        let mut next_notice = Instant::now() + PROGRESS_INTERVAL;
        let mut progress = |sent| {
            if Instant::now() >= next_notice {
                next_notice = Instant::now() + PROGRESS_INTERVAL;
                link.notify(Notice::SendProgress { sent, bytes: self.bytes });
            }
        };
        let sent = link.retrying(|link| link.push(from, to, &mut progress));
        sent.map_err(|error| match error {
            LinkError::NoSpace { serial, .. } => LinkError::NoSpace { serial, needed: self.bytes, free: 0 },
            other => other,
        })
    }
}

/// Makes the folder of a file and checks that there is space for this many bytes. Where the
/// phone's `df` does not tell, the transfer shows it.
pub(super) fn prepare_folder(link: &RetryingLink, path: &str, bytes: u64) -> Result<(), LinkError> {
    let folder = path.rsplit_once('/').map_or("/", |(folder, _)| folder);
    // What earlier attempts left is of no use.
    let script = format!(
        "mkdir -p {0} && rm -f {1}.part* || exit; df -Pk {0} 2> /dev/null; true",
        quote(folder),
        quote(path)
    );
    let output = link.run(&script, COMMAND_TIMEOUT)?;
    let printed = match stdout_if_ok(link.serial(), &output) {
        Err(LinkError::NoSpace { serial, .. }) => {
            return Err(LinkError::NoSpace { serial, needed: bytes, free: 0 });
        }
        printed => printed?,
    };
    let Some(Disk { free, capacity }) = disk(&printed) else { return Ok(()) };
    let (serial, needed) = (link.serial().to_owned(), bytes + RESERVE);
    match () {
        () if free >= needed => Ok(()),
        () if capacity.is_some_and(|capacity| capacity < needed) => {
            Err(LinkError::TooLarge { serial, needed, capacity: capacity.unwrap_or_default() })
        }
        () => Err(LinkError::NoSpace { serial, needed, free }),
    }
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
