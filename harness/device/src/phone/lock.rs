//! One sweep per phone at a time. The lock is a folder on the phone, which only one
//! host can make; in it lie the owner's name and a file that beats while the owner
//! reads from the phone. It outlives a host that was killed, so it is stale when its
//! owner no longer beats, or is known to be dead, and none of its runs is alive.

use super::{
    deliver::{QUICK, SOON},
    reach::Reach,
};
use crate::{LinkError, quote};
use serde::{Deserialize, Serialize};
use slm_plan::text::{clean, seconds};
use std::{fs, process, time::SystemTime};

/// Without a beat for so long, an owner is gone, unless one of its runs lives.
const STALE_AFTER_S: u64 = 120;

/// Who holds a phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owner {
    /// The sweep; a resumed one is the same.
    pub(super) sweep: String,
    /// Its host by name.
    pub(super) host: String,
    /// Which start of the host's system, since process ids begin anew with each.
    pub(super) boot: String,
    pub(super) pid: u32,
    /// RFC 3339.
    pub(super) since: String,
}

impl Owner {
    /// This process.
    pub(super) fn this(sweep: &str) -> Self {
        let line = |path| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        Self {
            sweep: sweep.to_owned(),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            boot: line("/proc/sys/kernel/random/boot_id"),
            pid: process::id(),
            since: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        }
    }

    /// Whether the owner is a process of this machine that has ended.
    fn is_dead_here(&self) -> bool {
        let here = Self::this("");
        if self.host != here.host {
            return false;
        }
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw);
        let runs =
            pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH));
        self.boot != here.boot || !runs
    }
}

/// Why a phone cannot be had.
#[derive(Debug)]
pub(super) enum LockError {
    Link(LinkError),
    /// Somebody else has it: who, and since when.
    Held(String),
}

impl From<LinkError> for LockError {
    fn from(error: LinkError) -> Self {
        Self::Link(error)
    }
}

/// What stands in the way of the lock.
struct Found {
    text: String,
    age_s: u64,
    run_alive: bool,
}

/// Takes the lock of the phone whose folder is `root`.
pub(super) fn take(reach: &Reach, root: &str, owner: &Owner) -> Result<(), LockError> {
    // Twice: a stale lock is put aside, then the way is free, or somebody was faster.
    for _ in 0..3 {
        let Some(found) = try_take(reach, root, owner)? else { return Ok(()) };
        match serde_json::from_str::<Owner>(found.text.trim()) {
            Ok(other) if other.sweep != owner.sweep => {
                let gone = other.is_dead_here() || found.age_s > STALE_AFTER_S;
                if found.run_alive || !gone {
                    return Err(LockError::Held(held(&other, &found)));
                }
            }
            // The same sweep: its folder on the host is locked already.
            Ok(_) => {}
            // An owner that was killed before it wrote its name.
            Err(_) if found.age_s > STALE_AFTER_S || !found.text.trim().is_empty() => {}
            Err(_) => return Err(LockError::Held("another sweep is just taking it".into())),
        }
        put_aside(reach, root, &found.text)?;
    }
    Err(LockError::Held("another sweep took it at the same moment".into()))
}

fn held(other: &Owner, found: &Found) -> String {
    let life = if found.run_alive {
        "its agent runs".to_owned()
    } else {
        format!("it was there {} ago", seconds(found.age_s as f64))
    };
    format!(
        "in use by a sweep of {} (process {}) since {}, and {life}",
        clean(&other.host),
        other.pid,
        clean(&other.since)
    )
}

/// Makes the lock, or tells what is in the way.
fn try_take(reach: &Reach, root: &str, owner: &Owner) -> Result<Option<Found>, LockError> {
    let text = serde_json::to_string(owner).unwrap_or_default();
    // A second run of the script finds its own lock, which is as good as making it.
    let script = format!(
        r#"r={root}; l="$r/lock"; mkdir -p "$r" || exit 1
if mkdir "$l" 2> /dev/null; then printf '%s\n' {text} > "$l/owner" && echo > "$l/beat" && exit 0; rm -r "$l"; exit 1; fi
[ "$(cat "$l/owner" 2> /dev/null)" = {text} ] && exit 0
t=$(stat -c %Y "$l/beat" 2> /dev/null || stat -c %Y "$l"); n=$(date +%s); alive=no
for d in "$r"/runs/*/*; do
w=; [ -f "$d/pid" ] && read w a < "$d/pid"
[ -n "$w" ] && cat "/proc/$w/cmdline" 2> /dev/null | tr '\000' '\n' | grep -q -F -- "$d" && alive=yes
done
echo "held $((n - t)) $alive"; cat "$l/owner" 2> /dev/null; true"#,
        root = quote(root),
        text = quote(&text),
    );
    let printed = reach.ok(&script, QUICK)?;
    let Some(rest) = printed.strip_prefix("held ") else { return Ok(None) };
    let (first, text) = rest.split_once('\n').unwrap_or((rest, ""));
    let mut words = first.split_whitespace();
    // A clock that was set back since counts as no time at all.
    let age_s =
        words.next().and_then(|word| word.parse::<i64>().ok()).map_or(0, |age| age.max(0).unsigned_abs());
    Ok(Some(Found { text: text.to_owned(), age_s, run_alive: words.next() == Some("yes") }))
}

/// Moves a stale lock away and removes it; one that changed hands meanwhile is put back.
fn put_aside(reach: &Reach, root: &str, text: &str) -> Result<(), LockError> {
    let script = format!(
        r#"l={root}/lock; s="$l.stale.{pid}"; rm -rf "$s"; mv "$l" "$s" 2> /dev/null || exit 0
if [ "$(cat "$s/owner" 2> /dev/null)" = {text} ]; then rm -rf "$s"; else mv "$s" "$l"; fi; true"#,
        root = quote(root),
        pid = process::id(),
        text = quote(text.trim_end_matches('\n')),
    );
    reach.ok(&script, QUICK)?;
    Ok(())
}

/// Gives the lock back, if it is still this owner's, and removes the folder of its runs
/// if none is left there.
pub(super) fn release(reach: &Reach, root: &str, owner: &Owner, runs: &str) -> Result<(), LinkError> {
    let text = serde_json::to_string(owner).unwrap_or_default();
    let script = format!(
        "l={}/lock; [ \"$(cat \"$l/owner\" 2> /dev/null)\" = {} ] && rm -rf \"$l\"; rmdir {} 2> /dev/null; true",
        quote(root),
        quote(&text),
        quote(runs)
    );
    reach.ok(&script, SOON).map(drop)
}

/// Who holds the phone at the moment, in words; `None` when nobody alive does.
pub(super) fn holder(reach: &Reach, root: &str) -> Result<Option<String>, LinkError> {
    let probe = Owner::this("?");
    match take(reach, root, &probe) {
        Ok(()) => release(reach, root, &probe, "").map(|()| None),
        Err(LockError::Held(who)) => Ok(Some(who)),
        Err(LockError::Link(error)) => Err(error),
    }
}
