//! One sweep per phone at a time. The lock is a folder on the phone, which only one host
//! can make. It holds the owner's name and a file that the owner touches whenever it polls
//! a run: the heartbeat. The lock outlives a host that was killed. It is stale when its
//! heartbeat is old or its owner is known to be dead, and none of its runs is alive.

use super::{retrying_link::RetryingLink, scripts, timeouts::COMMAND_TIMEOUT};
use crate::{LinkError, quote};
use serde::{Deserialize, Serialize};
use slm_plan::text::{clean, seconds};
use std::{fs, process, time::SystemTime};

/// With a heartbeat older than this, an owner is gone, unless one of its runs is alive.
const STALE_AFTER_S: u64 = 120;

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owner {
    /// The sweep; a resumed one is the same.
    pub(super) sweep: String,
    /// Name of its host.
    pub(super) host: String,
    /// The host's boot id: process ids start anew with each boot.
    pub(super) boot: String,
    pub(super) pid: u32,
    /// RFC 3339.
    pub(super) since: String,
}

impl Owner {
    /// This process.
    pub(super) fn this_process(sweep: &str) -> Self {
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
    fn is_dead_on_this_host(&self) -> bool {
        let here = Self::this_process("");
        if self.host != here.host {
            return false;
        }
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw);
        let runs =
            pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH));
        self.boot != here.boot || !runs
    }
}

/// Why a phone cannot be locked.
#[derive(Debug)]
pub(super) enum LockError {
    Link(LinkError),
    /// Another sweep holds it: which, and since when.
    Held(String),
}

impl From<LinkError> for LockError {
    fn from(error: LinkError) -> Self {
        Self::Link(error)
    }
}

/// A lock that is there already.
struct ExistingLock {
    text: String,
    age_s: u64,
    run_alive: bool,
}

/// Takes the lock of the phone whose folder is `root`.
pub(super) fn take(link: &RetryingLink, root: &str, owner: &Owner) -> Result<(), LockError> {
    // A stale lock is removed; then this host takes it, unless another one was faster.
    for _ in 0..3 {
        let Some(existing) = try_take(link, root, owner)? else { return Ok(()) };
        match serde_json::from_str::<Owner>(existing.text.trim()) {
            Ok(other) if other.sweep != owner.sweep => {
                let gone = other.is_dead_on_this_host() || existing.age_s > STALE_AFTER_S;
                if existing.run_alive || !gone {
                    return Err(LockError::Held(held(&other, &existing)));
                }
            }
            // The same sweep: the lock of its folder on the host is held already.
            Ok(_) => {}
            // A run that outlived its lock.
            Err(_) if existing.run_alive => {
                let who = "in use by a sweep whose lock is gone, and its agent runs".to_owned();
                return Err(LockError::Held(who));
            }
            // An owner that was killed before it wrote its name.
            Err(_) if existing.age_s > STALE_AFTER_S || !existing.text.trim().is_empty() => {}
            Err(_) => return Err(LockError::Held("another sweep is just taking it".into())),
        }
        remove_stale(link, root, &existing.text)?;
    }
    Err(LockError::Held("another sweep took it at the same moment".into()))
}

fn held(other: &Owner, existing: &ExistingLock) -> String {
    let life = if existing.run_alive {
        "its agent runs".to_owned()
    } else {
        format!("it was there {} ago", seconds(existing.age_s as f64))
    };
    format!(
        "in use by a sweep of {} (process {}) since {}, and {life}",
        clean(&other.host),
        other.pid,
        clean(&other.since)
    )
}

/// Makes the lock, or gives the one that is there.
fn try_take(link: &RetryingLink, root: &str, owner: &Owner) -> Result<Option<ExistingLock>, LockError> {
    let text = serde_json::to_string(owner).unwrap_or_default();
    // Run again after a lost answer, the script finds its own lock: that is a success. A folder
    // that cannot be made, as on a full disk, is no lock of somebody else.
    let script = format!(
        r#"r={root}; l="$r/lock"; mkdir -p "$r" || exit 1
{any_alive}
if m=$(mkdir "$l" 2>&1); then
any_alive "$r/runs/"{sweep}
[ $alive = no ] || {{ rm -r "$l"; echo "held 0 yes"; exit 0; }}
printf '%s\n' {text} > "$l/owner" && echo > "$l/beat" && exit 0
s=$?; rm -r "$l"; exit $s
fi
[ -e "$l" ] || case $m in *xists*) ;; *) printf '%s\n' "$m" >&2; exit 1 ;; esac
[ "$(cat "$l/owner" 2> /dev/null)" = {text} ] && exit 0
t=$(stat -c %Y "$l/beat" 2> /dev/null || stat -c %Y "$l"); n=$(date +%s)
any_alive
echo "held $((n - t)) $alive"; cat "$l/owner" 2> /dev/null; true"#,
        root = quote(root),
        any_alive = scripts::any_alive(),
        sweep = quote(&owner.sweep),
        text = quote(&text),
    );
    let printed = link.run_checked(&script, COMMAND_TIMEOUT)?;
    let Some(rest) = printed.strip_prefix("held ") else { return Ok(None) };
    let (first, text) = rest.split_once('\n').unwrap_or((rest, ""));
    let mut words = first.split_whitespace();
    // Negative where the clock was set back since.
    let age_s =
        words.next().and_then(|word| word.parse::<i64>().ok()).map_or(0, |age| age.max(0).unsigned_abs());
    Ok(Some(ExistingLock { text: text.to_owned(), age_s, run_alive: words.next() == Some("yes") }))
}

/// Renames a stale lock and removes it; if another host took it meanwhile, it is renamed back.
fn remove_stale(link: &RetryingLink, root: &str, text: &str) -> Result<(), LockError> {
    let script = format!(
        r#"l={root}/lock; s="$l.stale.{pid}"; rm -rf "$s"; mv "$l" "$s" 2> /dev/null || exit 0
if [ "$(cat "$s/owner" 2> /dev/null)" = {text} ]; then rm -rf "$s"; else mv "$s" "$l"; fi; true"#,
        root = quote(root),
        pid = process::id(),
        text = quote(text.trim_end_matches('\n')),
    );
    link.run_checked(&script, COMMAND_TIMEOUT)?;
    Ok(())
}

/// Releases the lock, if it is still this owner's, and removes the folder of its runs if
/// that is empty. While one of its runs is alive (the link was lost before it could be
/// ended), the lock stays: nobody else may measure beside it.
pub(super) fn release(link: &RetryingLink, root: &str, owner: &Owner, runs: &str) -> Result<(), LinkError> {
    let text = serde_json::to_string(owner).unwrap_or_default();
    let script = format!(
        r#"r={root}; l="$r/lock"; runs={runs}
[ "$(cat "$l/owner" 2> /dev/null)" = {text} ] || exit 0
{any_alive}
any_alive
[ $alive = yes ] || {{ rm -rf "$l"; rmdir "$runs" 2> /dev/null; true; }}"#,
        root = quote(root),
        runs = quote(runs),
        any_alive = scripts::any_alive(),
        text = quote(&text),
    );
    link.run_checked(&script, COMMAND_TIMEOUT).map(drop)
}

/// Who holds the phone at the moment, in words; `None` if no live sweep does.
pub(super) fn holder(link: &RetryingLink, root: &str) -> Result<Option<String>, LinkError> {
    let probe = Owner::this_process("?");
    match take(link, root, &probe) {
        Ok(()) => release(link, root, &probe, "").map(|()| None),
        Err(LockError::Held(who)) => Ok(Some(who)),
        Err(LockError::Link(error)) => Err(error),
    }
}
