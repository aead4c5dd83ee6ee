//! From what a phone still knows of a run that ended to a cause of death.

use super::deliver::free_bytes;
use crate::device::Exit;

/// Less than this and nothing could be written, bytes.
const FULL: u64 = 256 << 10;

/// Reads what `scripts::evidence` printed.
pub(super) fn exit(printed: &str) -> Exit {
    let (facts, stderr) = printed.split_once("\n--\n").unwrap_or((printed, ""));
    let values = |key: &str| {
        let key = format!("{key}=");
        facts.lines().filter_map(move |line| line.strip_prefix(&key).map(str::trim).map(str::to_owned))
    };
    let value = |key: &str| values(key).find(|value| !value.is_empty());
    let agent = value("agent");
    let names_agent = |line: &String| {
        let is_pid = |word: &str| Some(word) == agent.as_deref();
        line.contains("slm-agent") || line.split(|c: char| !c.is_ascii_digit()).any(is_pid)
    };
    let log: Vec<String> = values("log").filter(names_agent).collect();
    let killer = log.iter().find(|line| {
        let line = line.to_ascii_lowercase();
        (line.contains("lowmemorykiller") || line.contains("lmkd")) && line.contains("kill")
    });
    let status: Option<i32> = value("exit").and_then(|text| text.parse().ok());
    let signal = status.filter(|status| (129..=192).contains(status)).map(|status| status - 128);
    let restarted = status.is_none() && value("rebooted").is_some();
    let mut notes: Vec<String> = Vec::new();
    notes.extend(killer.map(|line| format!("the phone's log says: {line}")));
    notes.extend(
        log.iter()
            .find(|line| line.contains("Fatal signal"))
            .map(|line| format!("the phone's log says: {line}")),
    );
    notes.extend(value("tombstone").map(|file| format!("tombstone {file}")));
    Exit {
        code: status.filter(|_| signal.is_none()),
        signal,
        stderr: stderr.to_owned(),
        oom_kill_seen: killer.is_some() || value("oom").is_some(),
        disk_full: value("df").and_then(|line| free_bytes(&line)).is_some_and(|free| free < FULL),
        stopped: value("stopped").is_some(),
        is_gone: false,
        lost: restarted.then(|| "the phone restarted".to_owned()),
        notes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use slm_protocol::Failure;

    const DF: &str = "df=/dev/block/dm-53 229376 20480 208896 9% /data\n";

    fn cause(facts: &str, stderr: &str) -> (Failure, String) {
        exit(&format!("agent=812\n{DF}{facts}\n--\n{stderr}")).cause()
    }

    #[test]
    fn causes_of_death_are_told_apart() {
        assert_eq!(cause("exit=137", "").0, Failure::Killed);
        let lmkd = "exit=137\nlog=11-21 12:00:01.000   401   401 I lowmemorykiller: Kill 'slm-agent' (812), uid 2000, oom_score_adj 0 to free 900000kB";
        assert_eq!(cause(lmkd, "").0, Failure::OutOfMemory);
        assert!(cause(lmkd, "").1.contains("lowmemorykiller"), "{}", cause(lmkd, "").1);
        let other =
            "exit=137\nlog=11-21 12:00:01.000 401 401 I lowmemorykiller: Kill 'com.game' (8122), uid 10100";
        assert_eq!(cause(other, "").0, Failure::Killed);
        assert_eq!(cause("exit=137\noom=yes", "").0, Failure::OutOfMemory);
        let crash = "exit=139\nlog=11-21 F libc : Fatal signal 11 (SIGSEGV), code 1 in tid 812 (slm-agent)\ntombstone=/data/tombstones/tombstone_03";
        assert_eq!(cause(crash, "").0, Failure::Crashed);
        assert!(cause(crash, "").1.contains("tombstone_03"));
        assert_eq!(cause("exit=\nrebooted=yes", "").0, Failure::DeviceLost);
        assert_eq!(
            cause("exit=1", "slm-agent: an event cannot be written: the journal: No space left on device").0,
            Failure::DiskFull
        );
        assert_eq!(cause("exit=1\ndf=tmpfs 10240 10240 0 100% /data", "").0, Failure::Crashed);
        let full = exit("exit=1\ndf=tmpfs 10240 10240 0 100% /data\n--\n");
        assert_eq!(full.cause().0, Failure::DiskFull);
        assert_eq!(cause("exit=", "").0, Failure::Killed);
        assert!(exit("exit=143\nstopped=yes\n--\n").stopped);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).*") {
            let _ = exit(&text).cause();
        }
    }
}
