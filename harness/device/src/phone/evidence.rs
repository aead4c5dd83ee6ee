//! Why a run ended, by the files that it left on the phone.

use super::disk::free_bytes;
use crate::death::Clue;
use slm_protocol::Failure;
use slm_provision::local_agent::Exit;

/// With less free than this the disk counts as full, bytes.
const DISK_FULL_BELOW: u64 = 256 << 10;

/// A run that has ended.
pub(super) struct EndedRun {
    pub(super) exit: Exit,
    /// The agent's process id.
    pub(super) pid: Option<u32>,
}

/// Reads what `scripts::evidence` printed.
pub(super) fn read(printed: &str) -> EndedRun {
    let (facts, stderr) = printed.split_once("\n--\n").unwrap_or((printed, ""));
    let value = |key: &str| {
        let key = format!("{key}=");
        let mut values = facts.lines().filter_map(|line| line.strip_prefix(&key).map(str::trim));
        values.find(|value| !value.is_empty())
    };
    let status: Option<i32> = value("exit").and_then(|text| text.parse().ok());
    let signal = status.filter(|status| (129..=192).contains(status)).map(|status| status - 128);
    let restarted = status.is_none() && value("rebooted").is_some();
    let exit = Exit {
        code: status.filter(|_| signal.is_none()),
        signal,
        stderr: stderr.to_owned(),
        oom_kill_seen: value("oom").is_some(),
        disk_full: value("df").and_then(free_bytes).is_some_and(|free| free < DISK_FULL_BELOW),
        stopped: value("stopped").is_some(),
        is_gone: false,
        lost: restarted.then(|| "the phone restarted".to_owned()),
        notes: Vec::new(),
    };
    EndedRun { exit, pid: value("agent").and_then(|text| text.parse().ok()) }
}

impl EndedRun {
    /// Whether the phone's log may explain more than the exit status.
    pub(super) fn is_unclear(&self) -> bool {
        self.exit.code.is_none() && !self.exit.stopped && self.exit.lost.is_none()
    }

    /// Adds what the phone's log says.
    pub(super) fn with_log_clue(mut self, clue: Option<Clue>) -> Exit {
        if let Some(clue) = clue {
            self.exit.oom_kill_seen |= clue.failure == Failure::OutOfMemory;
            self.exit.signal = self.exit.signal.or(clue.signal);
            self.exit.notes.push(format!("the phone's log says: {}", clue.line));
        }
        self.exit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DF: &str = "df=/dev/block/dm-53 229376 20480 208896 9% /data\n";

    fn ended(facts: &str, stderr: &str) -> EndedRun {
        read(&format!("agent=812\n{facts}\n{DF}--\n{stderr}"))
    }

    fn cause(facts: &str, stderr: &str) -> (Failure, String) {
        ended(facts, stderr).exit.cause()
    }

    #[test]
    fn causes_of_death_are_told_apart() {
        assert_eq!(ended("exit=137", "").pid, Some(812));
        assert_eq!(cause("exit=137", "").0, Failure::Killed);
        assert_eq!(cause("exit=137\noom=yes", "").0, Failure::OutOfMemory);
        assert_eq!(cause("exit=139", "").0, Failure::Crashed);
        assert_eq!(cause("exit=\nrebooted=yes", "").0, Failure::DeviceLost);
        let words = "slm-agent: an event cannot be written: the journal: No space left on device";
        assert_eq!(cause("exit=1", words).0, Failure::DiskFull);
        assert_eq!(cause("exit=1", "something else").0, Failure::Crashed);
        assert_eq!(cause("exit=1\ndf=tmpfs 10240 10240 0 100% /data", "").0, Failure::DiskFull);
        // The supervisor was killed too.
        assert_eq!(cause("exit=", "").0, Failure::Killed);
        assert!(ended("exit=143\nstopped=yes", "").exit.stopped);
    }

    #[test]
    fn the_phones_log_decides_where_a_status_does_not() {
        let clue =
            |failure, signal| Some(Clue { failure, signal, line: "lmkd: Kill 'slm-agent' (812)".into() });
        let killed = ended("exit=137", "");
        assert!(killed.is_unclear());
        let (failure, evidence) = killed.with_log_clue(clue(Failure::OutOfMemory, None)).cause();
        assert_eq!(failure, Failure::OutOfMemory);
        assert!(evidence.contains("lmkd: Kill"), "{evidence}");
        assert_eq!(
            ended("exit=", "").with_log_clue(clue(Failure::Crashed, Some(11))).cause().0,
            Failure::Crashed
        );
        assert!(!ended("exit=0", "").is_unclear() && !ended("exit=143\nstopped=yes", "").is_unclear());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).*") {
            let _ = read(&text).exit.cause();
        }
    }
}
