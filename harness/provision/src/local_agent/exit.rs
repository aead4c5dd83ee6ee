//! How an agent ended, and what that says about the trial at hand.

use slm_protocol::Failure;

/// Evidence of an agent's end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent observations")]
pub struct Exit {
    /// Exit status, where it exited.
    pub code: Option<i32>,
    /// Signal, where one killed it.
    pub signal: Option<i32>,
    /// Last lines of its standard error.
    pub stderr: String,
    /// The kernel killed a process for want of memory meanwhile.
    pub oom_kill_seen: bool,
    /// Nothing could be written any more.
    pub disk_full: bool,
    /// A host ended it on purpose: that says nothing of the trial at hand.
    pub stopped: bool,
    /// The device went away, or restarted: what was seen.
    pub lost: Option<String>,
    /// It is away still, so that nothing more can run there.
    pub is_gone: bool,
    /// Further evidence, such as lines of the device's log.
    pub notes: Vec<String>,
}

/// What a full disk is called in an error message.
const NO_SPACE: &str = "No space left on device";

/// Words by which an allocation that failed is known.
const OUT_OF_MEMORY: [&str; 6] = [
    "bad_alloc",
    "memory allocation of",
    "Cannot allocate memory",
    "failed to allocate",
    "mem_buffer != NULL",
    "out of memory",
];

const SIGKILL: i32 = 9;

impl Exit {
    /// Cause and evidence for a trial that this end cut short.
    pub fn cause(&self) -> (Failure, String) {
        if let Some(lost) = &self.lost {
            return (Failure::DeviceLost, lost.clone());
        }
        let memory = OUT_OF_MEMORY.iter().any(|words| self.stderr.contains(words));
        let failure = match self.signal {
            Some(SIGKILL) if self.oom_kill_seen => Failure::OutOfMemory,
            _ if memory => Failure::OutOfMemory,
            Some(SIGKILL | 1 | 2 | 15) => Failure::Killed,
            None if self.disk_full || self.stderr.contains(NO_SPACE) => Failure::DiskFull,
            // Whoever took its keeper along left no status.
            None if self.code.is_none() => Failure::Killed,
            _ => Failure::Crashed,
        };
        let how = match (self.signal, self.code) {
            (Some(signal), _) => format!("the agent was ended by signal {signal}{}", signal_name(signal)),
            (None, Some(code)) => format!("the agent exited with status {code} before it was done"),
            (None, None) => "the agent ended without a status".into(),
        };
        let oom = if self.oom_kill_seen { "; an out-of-memory kill was reported" } else { "" };
        let words = self.stderr.lines().rev().find(|line| !line.trim().is_empty());
        let words = words.map(|line| format!("; its last words: {}", line.trim())).unwrap_or_default();
        let full = if failure == Failure::DiskFull { "; no space was left on the device" } else { "" };
        let notes = self.notes.iter().fold(String::new(), |text, note| text + "; " + note);
        (failure, format!("{how}{oom}{full}{notes}{words}"))
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        8 => " (SIGFPE)",
        SIGKILL => " (SIGKILL)",
        11 => " (SIGSEGV)",
        15 => " (SIGTERM)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_of_death_are_told_apart() {
        let exit = |code, signal, stderr: &str, oom_kill_seen| {
            Exit { code, signal, stderr: stderr.into(), oom_kill_seen, ..Exit::default() }.cause().0
        };
        assert_eq!(exit(None, Some(9), "", true), Failure::OutOfMemory);
        assert_eq!(exit(None, Some(9), "", false), Failure::Killed);
        assert_eq!(exit(None, Some(15), "", false), Failure::Killed);
        assert_eq!(exit(None, Some(11), "", false), Failure::Crashed);
        assert_eq!(exit(None, Some(6), "what():  std::bad_alloc", false), Failure::OutOfMemory);
        assert_eq!(exit(Some(0), None, "", false), Failure::Crashed);
    }

    #[test]
    fn evidence_has_the_last_words() {
        let exit = Exit { signal: Some(6), stderr: "one\nGGML_ASSERT failed\n\n".into(), ..Exit::default() };
        assert_eq!(
            exit.cause().1,
            "the agent was ended by signal 6 (SIGABRT); its last words: GGML_ASSERT failed"
        );
    }
}
