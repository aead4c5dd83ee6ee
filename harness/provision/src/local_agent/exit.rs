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
        let words = last_words(&self.stderr);
        let full = if failure == Failure::DiskFull { "; no space was left on the device" } else { "" };
        let notes = self.notes.iter().fold(String::new(), |text, note| text + "; " + note);
        (failure, format!("{how}{oom}{full}{notes}{words}"))
    }
}

/// Why the process ended by its own word. A check that failed in the engine and a panic are said
/// in words: the places in source files of the machine that built it help nobody else.
fn last_words(stderr: &str) -> String {
    match explained(stderr) {
        Some(told) => format!("; {told}"),
        None => last_line(stderr).map(|line| format!("; its last words: {line}")).unwrap_or_default(),
    }
}

/// What a process that ended said last, for people.
pub(crate) fn in_words(stderr: &str) -> String {
    explained(stderr).or_else(|| last_line(stderr).map(str::to_owned)).unwrap_or_default()
}

fn lines(stderr: &str) -> impl Iterator<Item = &str> {
    stderr.lines().rev().map(str::trim).filter(|line| !line.is_empty())
}

fn last_line(stderr: &str) -> Option<&str> {
    lines(stderr).next()
}

/// A check or a panic; where it was at that time may follow.
fn explained(stderr: &str) -> Option<String> {
    lines(stderr).find_map(|line| failed_check(line).or_else(|| panic(line)))
}

/// `/path/file.cpp:12: GGML_ASSERT(condition) failed`, and other words where it gives up.
fn failed_check(line: &str) -> Option<String> {
    let (place, words) = line.split_once(": ")?;
    let (path, number) = place.rsplit_once(':')?;
    let is_source = [".c", ".cpp", ".cc", ".h", ".hpp"].iter().any(|end| path.ends_with(end));
    if !is_source || number.parse::<u32>().is_err() {
        return None;
    }
    let file = path.rsplit('/').next().unwrap_or(path);
    let condition = words.strip_prefix("GGML_ASSERT(").and_then(|rest| rest.strip_suffix(") failed"));
    Some(match condition {
        Some(condition) => format!("the engine gave up: {condition} does not hold ({file}, line {number})"),
        None => format!("the engine gave up: {words} ({file}, line {number})"),
    })
}

/// `panicked at path/file.rs:1:2: message`, of the agent itself.
fn panic(line: &str) -> Option<String> {
    let (place, message) = line.split_once("panicked at ")?.1.split_once(": ")?;
    let file = place.rsplit('/').next().unwrap_or(place);
    Some(format!("a fault of the agent, which should be reported: {message} ({file})"))
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
    fn checks_and_panics_are_said_in_words() {
        let cause =
            |stderr: &str| Exit { signal: Some(6), stderr: stderr.into(), ..Exit::default() }.cause().1;
        let assert = "/root/.cargo/registry/src/x/llama.cpp/src/llama-context.cpp:1505: GGML_ASSERT(n > 0 && \"few\") failed";
        for (stderr, words) in [
            (
                format!("load\n{assert}\n./slm-agent(+0x1234)[0x55]\n"),
                "the engine gave up: n > 0 && \"few\" does not hold (llama-context.cpp, line 1505)",
            ),
            (
                "/build/ggml/src/ggml.c:12: fatal error".into(),
                "the engine gave up: fatal error (ggml.c, line 12)",
            ),
            (
                "slm-agent: panicked at device-agent/src/measure/run.rs:4:9: no session".into(),
                "a fault of the agent, which should be reported: no session (run.rs:4:9)",
            ),
        ] {
            assert_eq!(cause(&stderr), format!("the agent was ended by signal 6 (SIGABRT); {words}"));
        }
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
