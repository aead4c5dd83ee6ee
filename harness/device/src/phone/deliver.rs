//! Files for a phone: checked for room before, for size and content after, and in
//! their place only when whole.

use super::reach::{Reach, succeeded};
use crate::{LinkError, quote};
use std::{path::Path, time::Duration};

/// Left free on the phone, bytes: its system needs some too.
const RESERVE: u64 = 16 << 20;
/// A file that arrives damaged is sent again so often.
const ATTEMPTS: u32 = 3;
/// For commands of milliseconds; a phone that is busy with a model may take long for them.
pub(super) const QUICK: Duration = Duration::from_secs(30);
/// For what is not worth waiting for when the phone is away.
pub(super) const SOON: Duration = Duration::from_secs(5);
/// The slowest phone at its busiest hashes so many bytes a second.
const HASHED_PER_SECOND: u64 = 100 << 10;

/// A file as it must be on the phone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// Absolute path there.
    pub(super) path: &'a str,
    /// Content.
    pub(super) sha256: &'a str,
    /// Size, bytes.
    pub(super) bytes: u64,
    /// Mode, in octal digits.
    pub(super) mode: &'static str,
}

impl Wanted<'_> {
    /// Whether a path of the phone holds this content.
    fn is_at(&self, reach: &Reach, path: &str) -> Result<bool, LinkError> {
        // Size first: hashing takes seconds.
        let script = format!(
            "f={}; [ -f \"$f\" ] || exit 0; n=$(wc -c < \"$f\"); [ \"$n\" -eq {} ] && sha256sum < \"$f\"; true",
            quote(path),
            self.bytes
        );
        let at_most = Duration::from_mins(1) + Duration::from_secs(self.bytes / HASHED_PER_SECOND);
        let output = reach.working(&script, at_most)?;
        let printed = succeeded(reach.serial(), &output)?;
        Ok(printed.split_whitespace().next() == Some(self.sha256))
    }

    /// Whether it is in its place.
    pub(super) fn is_there(&self, reach: &Reach) -> Result<bool, LinkError> {
        self.is_at(reach, self.path)
    }

    /// Brings it there unless it is there already; tells the bytes that were sent.
    pub(super) fn deliver(&self, reach: &Reach, from: &Path) -> Result<u64, LinkError> {
        if self.is_there(reach)? {
            return Ok(0);
        }
        for _ in 0..ATTEMPTS {
            make_room(reach, self.path, self.bytes)?;
            // A name of its own for each process: a transfer that was given up may still write to its file.
            let part = format!("{}.part{}", self.path, std::process::id());
            reach.retrying(|link| link.push(from, &part))?;
            if self.is_at(reach, &part)? {
                let (part, path) = (quote(&part), quote(self.path));
                // The second time round, the file is in its place already.
                let settle = format!(
                    "if [ -e {part} ]; then chmod {} {part} && mv -f {part} {path}; else [ -e {path} ]; fi",
                    self.mode
                );
                reach.ok(&settle, QUICK)?;
                return Ok(self.bytes);
            }
        }
        let why = format!("{} arrived damaged {ATTEMPTS} times", self.path);
        Err(LinkError::Refused { serial: reach.serial().to_owned(), why })
    }
}

/// Makes the folder of a file and checks that there is room for so many bytes.
pub(super) fn make_room(reach: &Reach, path: &str, bytes: u64) -> Result<(), LinkError> {
    let folder = path.rsplit_once('/').map_or("/", |(folder, _)| folder);
    // What an earlier attempt left is not worth keeping.
    let script = format!("mkdir -p {0} && rm -f {1}.part* && df -Pk {0}", quote(folder), quote(path));
    let output = reach.run(&script, QUICK)?;
    let printed = match succeeded(reach.serial(), &output) {
        Err(LinkError::NoSpace { serial, .. }) => {
            return Err(LinkError::NoSpace { serial, needed: bytes, free: 0 });
        }
        printed => printed?,
    };
    let serial = || reach.serial().to_owned();
    let free = free_bytes(&printed)
        .ok_or_else(|| LinkError::Refused { serial: serial(), why: format!("df printed {printed:?}") })?;
    let needed = bytes + RESERVE;
    if free < needed { Err(LinkError::NoSpace { serial: serial(), needed, free }) } else { Ok(()) }
}

/// Free bytes by the last line of `df -Pk`: the number before the percentage.
pub(super) fn free_bytes(df: &str) -> Option<u64> {
    let words: Vec<&str> =
        df.lines().rev().find(|line| !line.trim().is_empty())?.split_whitespace().collect();
    let percentage = words.iter().rposition(|word| word.ends_with('%') || *word == "-")?;
    words.get(percentage.checked_sub(1)?)?.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn free_space_is_read_from_both_kinds_of_df() {
        let toybox = "Filesystem     1024-blocks   Used Available Capacity Mounted on\n/dev/block/dm-53   229376 20480 208896   9% /data\n";
        let busybox = "Filesystem           1024-blocks    Used Available Capacity Mounted on\ntmpfs 10240 10240 0 100% /data/local/my tmp\n";
        assert_eq!(free_bytes(toybox), Some(208_896 * 1024));
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
