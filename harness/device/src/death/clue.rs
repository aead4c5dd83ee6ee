//! Clues in the lines of a log.

use super::line::{Line, number, number_after};
use slm_plan::text;
use slm_protocol::Failure;

/// A line is kept up to this length, characters.
const LONGEST: usize = 300;
/// How much the times of log and events may differ, seconds.
const SLACK_S: f64 = 2.0;

/// The agent that died.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeadAgent {
    /// The agent's process id on the phone.
    pub pid: u32,
    /// When it started, by the phone's clock, seconds since the Unix epoch: older lines
    /// with its pid are of another process.
    pub since_unix_s: Option<f64>,
    /// The kernel's count of out-of-memory kills before (`PhoneState::oom_kills`).
    pub oom_kills_before: Option<u64>,
}

/// What a log says about why an agent died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clue {
    /// The cause.
    pub failure: Failure,
    /// The signal, where the line has it.
    pub signal: Option<i32>,
    /// The line, without control characters, cut to a length.
    pub line: String,
}

/// The most serious clue in what `read.sh` printed: memory before a crash, a crash before a
/// kill; of equals the last.
pub fn find(text: &str, agent: &DeadAgent) -> Option<Clue> {
    let mut oom_kills = None;
    let mut crash: Option<Clue> = None;
    let mut open_crash = None;
    let mut abort_message = None;
    let mut best: Option<Clue> = None;
    for text in text.lines() {
        if let Some(rest) = text.strip_prefix("@@oom") {
            oom_kills = rest.split_whitespace().last().and_then(|word| word.parse::<u64>().ok());
            continue;
        }
        let line = Line::parse(text);
        if line.unix_s.zip(agent.since_unix_s).is_some_and(|(at, since)| at + SLACK_S < since) {
            continue;
        }
        // A crash report names its process in one line and its signal in a later one,
        // all written by one helper process.
        if let Some(pid) = report_of(line.message) {
            open_crash = (pid == agent.pid).then_some(line.writer);
        } else if open_crash == Some(line.writer) {
            if let Some(found) = signal_of_report(line.message) {
                crash = Some(clue(Failure::Crashed, Some(found), line.message));
            }
            if line.message.contains("Abort message:") {
                abort_message = Some(line.message);
            }
        }
        let found = kill_for_memory(line.message, agent.pid)
            .then(|| clue(Failure::OutOfMemory, Some(9), line.message))
            .or_else(|| fatal_signal(line.message, agent.pid))
            .or_else(|| kill_by_manager(line.message, agent.pid));
        best = more_serious(best, found);
    }
    if let (Some(crash), Some(message)) = (&mut crash, abort_message) {
        // glibc, bionic and C++ alike say so when an allocation failed.
        if ["bad_alloc", "out of memory", "Cannot allocate memory"]
            .iter()
            .any(|words| message.contains(words))
        {
            crash.failure = Failure::OutOfMemory;
        }
        crash.line = shorten(&format!("{}; {}", crash.line, message_of(message)));
    }
    best = more_serious(best, crash);
    let counted = oom_kills.zip(agent.oom_kills_before).is_some_and(|(now, before)| now > before);
    if counted && best.as_ref().is_none_or(|clue| clue.failure == Failure::Killed) {
        let line = "the kernel has counted an out-of-memory kill since the start (oom_kill in /proc/vmstat)";
        return Some(clue(Failure::OutOfMemory, Some(9), line));
    }
    best
}

fn more_serious(old: Option<Clue>, new: Option<Clue>) -> Option<Clue> {
    let rank = |clue: &Option<Clue>| match clue.as_ref().map(|clue| clue.failure) {
        Some(Failure::OutOfMemory) => 3,
        Some(Failure::Crashed) => 2,
        Some(_) => 1,
        None => 0,
    };
    if rank(&new) >= rank(&old) { new.or(old) } else { old }
}

fn clue(failure: Failure, signal: Option<i32>, line: &str) -> Clue {
    Clue { failure, signal, line: shorten(line) }
}

fn shorten(line: &str) -> String {
    let line = text::clean(line.trim());
    let words: Vec<&str> = line.split_whitespace().collect();
    words.join(" ").chars().take(LONGEST).collect()
}

/// Without the tag: `DEBUG   : Abort message: …`.
fn message_of(line: &str) -> &str {
    line.split_once(": ").map_or(line, |(_, message)| message).trim()
}

/// Kills because memory ran out, by each component that does so:
/// - lmkd of Android 9 and 10: `Kill 'name' (pid), uid N, oom_adj N to free NkB`, from 11 on
///   `…oom_score_adj N to free NkB rss, NkB swap; reason: …`, 14 and newer with `NkB anon rss`
///   between (system/memory/lmkd, lmkd.cpp);
/// - lmkd's event, `killinfo: [pid,uid,…]` (its event.logtags);
/// - the kernel driver of Linux up to 4.9, `lowmemorykiller: Killing 'name' (pid) (tgid N), adj N,`
///   (drivers/staging/android/lowmemorykiller.c);
/// - the kernel: `Out of memory: Killed process pid (name)…`, `Kill process` before 5.1, `Memory
///   cgroup out of memory: …`, `oom-kill:constraint=…,task=name,pid=N,uid=N` (`mm/oom_kill.c`).
fn kill_for_memory(line: &str, pid: u32) -> bool {
    // What follows the name's closing quote; names of processes have no quotes.
    let quoted = |mark: &str| number(line.split_once(mark)?.1.split_once("' (")?.1);
    let by_lmkd = line.contains("lowmemorykiller") || line.contains("lmkd");
    let lmkd = (by_lmkd && (quoted("Kill '") == Some(pid) || quoted("Killing '") == Some(pid)))
        || (line.contains("killinfo") && number_after(line, "[") == Some(pid));
    let lower = line.to_ascii_lowercase();
    let kernel = (lower.contains("out of memory")
        && (number_after(&lower, "killed process ") == Some(pid)
            || number_after(&lower, "kill process ") == Some(pid)))
        || (lower.starts_with("killed process") || lower.contains("] killed process"))
            && number_after(&lower, "killed process ") == Some(pid)
        || (lower.contains("oom-kill:") && number_after(&lower, ",pid=") == Some(pid));
    lmkd || kernel
}

/// bionic's `Fatal signal 11 (SIGSEGV), code 1 (…), fault addr … in tid N (name), pid N (name)`
/// (`debuggerd_handler.cpp`), where the pid is left out before Android 8; and the kernel's
/// `name[pid]: unhandled signal 11` or `…: unhandled level 1 translation fault (11)`, which
/// is all there is of a static program that is not built with bionic.
fn fatal_signal(line: &str, pid: u32) -> Option<Clue> {
    let signal = if line.contains("Fatal signal") {
        let named = number_after(line, ", pid ").or_else(|| number_after(line, "in tid "));
        (named == Some(pid)).then(|| number_after(line, "Fatal signal "))?
    } else {
        let (before, after) = line.split_once(": unhandled ")?;
        let named = number(before.rsplit_once('[')?.1);
        let signal = number_after(after, "signal ").or_else(|| number_after(after, "fault ("));
        (named == Some(pid)).then_some(signal)?
    };
    Some(clue(Failure::Crashed, signal.and_then(|signal| i32::try_from(signal).ok()), line))
}

/// The activity manager's `am_kill : [user,pid,name,adj,reason…]` and `Killing pid:name/uid (adj N): reason`.
fn kill_by_manager(line: &str, pid: u32) -> Option<Clue> {
    let event = line.split_once("am_kill").and_then(|(_, rest)| {
        let (_, list) = rest.split_once('[')?;
        number(list.split(',').nth(1)?.trim())
    });
    let words = line.contains("ActivityManager").then(|| number_after(line, "Killing ")).flatten();
    (event == Some(pid) || words == Some(pid)).then(|| clue(Failure::Killed, Some(9), line))
}

/// The process of a crash report: `pid: 812, tid: 812, name: slm-agent  >>> /path <<<`
/// (debuggerd's tombstone.cpp).
fn report_of(line: &str) -> Option<u32> {
    (line.contains(", tid:") && line.contains(">>>")).then(|| number_after(line, "pid: ")).flatten()
}

/// `signal 11 (SIGSEGV), code 1 (SEGV_MAPERR), fault addr 0x0` of a crash report.
fn signal_of_report(line: &str) -> Option<i32> {
    (line.contains(", code ") && line.contains("(SIG"))
        .then(|| number_after(line, "signal "))
        .flatten()
        .and_then(|signal| i32::try_from(signal).ok())
}
