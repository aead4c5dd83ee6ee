use super::*;
use crate::testing::TestPhone;
use proptest::prelude::*;
use slm_protocol::Failure;

const SINCE: f64 = 1_700_000_000.0;

fn death() -> DeadAgent {
    DeadAgent { pid: 812, since_unix_s: Some(SINCE), oom_kills_before: Some(3) }
}

fn cause(log: &str) -> Option<(Failure, Option<i32>)> {
    find(&format!("@@oom oom_kill 3\n@@log\n{log}"), &death()).map(|clue| (clue.failure, clue.signal))
}

/// A line as logcat prints it in the `epoch` form, a minute after the start.
fn at(tag: &str, message: &str) -> String {
    format!("  1700000060.123   401   401 I {tag}: {message}\n")
}

#[test]
fn every_androids_kill_for_memory_is_known() {
    let lines = [
        // Android 9, 10; 11 to 13; 14 and newer.
        at("lowmemorykiller", "Kill 'slm-agent' (812), uid 2000, oom_adj 0 to free 912345kB"),
        at("lowmemorykiller", "Kill 'slm-agent' (812), uid 2000, oom_score_adj 0 to free 266188kB rss, 0kB swap; reason: min watermark is breached even after kill"),
        at("lowmemorykiller", "Kill 'slm-agent' (812), uid 2000, oom_score_adj 0 to free 4445960kB rss, 3990164kB anon rss, 2413008kB swap, 0kB dmabuf_pss, 0kB dmabuf_rss; reason: low watermark is breached and swap is low"),
        at("killinfo", "[812,2000,0,0,173576,14,93812,638636,34000]"),
        // The kernel driver, the kernel of several versions, and what a cgroup does.
        "<3>[  512.12] lowmemorykiller: Killing 'slm-agent' (812) (tgid 812), adj 0,\n".into(),
        "[ 1171.795551] Out of memory: Killed process 812 (slm-agent) total-vm:105068kB, anon-rss:9792kB, file-rss:10972kB, shmem-rss:0kB, UID:2000 pgtables:136kB oom_score_adj:0\n".into(),
        "[ 1171.795551] Out of memory: Kill process 812 (slm-agent) score 900 or sacrifice child\n[ 1171.8] Killed process 812 (slm-agent) total-vm:1kB\n".into(),
        "[18492.104] Memory cgroup out of memory: Killed process 812 (slm-agent) total-vm:812044kB\n".into(),
        "[ 99.1] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),task=slm-agent,pid=812,uid=2000\n".into(),
    ];
    for line in &lines {
        assert_eq!(cause(line), Some((Failure::OutOfMemory, Some(9))), "{line}");
        assert_eq!(cause(&line.replace("812", "8123")), None, "{line}");
    }
}

#[test]
fn crashes_and_kills_are_told_apart() {
    let fatal = at(
        "libc",
        "Fatal signal 11 (SIGSEGV), code 1 (SEGV_MAPERR), fault addr 0x0 in tid 815 (worker), pid 812 (slm-agent)",
    );
    assert_eq!(cause(&fatal), Some((Failure::Crashed, Some(11))));
    let old = at("libc", "Fatal signal 6 (SIGABRT), code -6 in tid 812 (slm-agent)");
    assert_eq!(cause(&old), Some((Failure::Crashed, Some(6))));
    let kernel =
        "[ 1.5] slm-agent[812]: unhandled level 1 translation fault (11) at 0x00000000, esr 0x92000005\n";
    assert_eq!(cause(kernel), Some((Failure::Crashed, Some(11))));
    let manager = at("am_kill ", "[0,812,slm-agent,905,empty #17]");
    assert_eq!(cause(&manager), Some((Failure::Killed, Some(9))));
    let manager = at("ActivityManager", "Killing 812:slm-agent/2000 (adj 0): stop");
    assert_eq!(cause(&manager), Some((Failure::Killed, Some(9))));
    assert_eq!(cause(""), None);
    // Memory is the more_serious cause, in either order.
    let lmkd = at(
        "lowmemorykiller",
        "Kill 'slm-agent' (812), uid 2000, oom_score_adj 0 to free 9kB rss, 0kB swap; reason: x",
    );
    assert_eq!(cause(&(fatal.clone() + &lmkd)).unwrap().0, Failure::OutOfMemory);
    assert_eq!(cause(&(lmkd + &fatal)).unwrap().0, Failure::OutOfMemory);
}

fn report(pid: u32, writer: u32, abort: &str) -> String {
    let header = format!("1700000061.5 {writer} {writer} F DEBUG   : ");
    let process = format!("pid: {pid}, tid: {pid}, name: slm-agent  >>> /data/local/tmp/slm-agent <<<");
    let signal = "signal 6 (SIGABRT), code -1 (SI_QUEUE), fault addr --------";
    ["*** *** ***", process.as_str(), signal, abort].map(|message| header.clone() + message + "\n").concat()
}

#[test]
fn a_crash_report_is_followed_to_its_signal() {
    let text =
        report(812, 900, "Abort message: 'terminating due to uncaught exception of type std::bad_alloc'");
    let clue = find(&text, &death()).unwrap();
    assert_eq!((clue.failure, clue.signal), (Failure::OutOfMemory, Some(6)));
    assert!(clue.line.ends_with("std::bad_alloc'"), "{}", clue.line);
    assert_eq!(cause(&report(812, 900, "Abort message: 'GGML_ASSERT'")), Some((Failure::Crashed, Some(6))));
    // Another process crashed at the same moment, its report's lines between ours.
    assert_eq!(cause(&report(77, 901, "")), None);
    let (ours, other) =
        (report(812, 900, ""), report(77, 901, "").replace("signal 6 (SIGABRT)", "signal 4 (SIGILL)"));
    let mixed: String = ours.lines().zip(other.lines()).flat_map(|(a, b)| [a, "\n", b, "\n"]).collect();
    assert_eq!(cause(&mixed), None, "the second report closes the first: no signal rather than a wrong one");
}

#[test]
fn what_is_older_than_the_agent_is_of_another_process() {
    let line = at(
        "lowmemorykiller",
        "Kill 'com.game' (812), uid 10100, oom_score_adj 900 to free 9kB rss, 0kB swap; reason: x",
    );
    assert_eq!(cause(&line.replace("1700000060", "1699999990")), None);
    let killed = "@@oom oom_kill 4\n@@log\n";
    let clue = find(killed, &death()).unwrap();
    assert_eq!(clue.failure, Failure::OutOfMemory);
    assert_eq!(find(killed, &DeadAgent { oom_kills_before: None, ..death() }), None);
    // A crash is not taken for a lack of memory that struck another process.
    let crash = at("libc", "Fatal signal 11 (SIGSEGV), code 1 in tid 812 (slm-agent), pid 812 (slm-agent)");
    assert_eq!(find(&format!("{killed}{crash}"), &death()).unwrap().failure, Failure::Crashed);
}

#[test]
fn evidence_is_one_clean_line() {
    let line = at(
        "lowmemorykiller",
        &format!("Kill 'a\u{1b}[2J' (812), uid 0, to free 1kB; reason: {}", "x".repeat(900)),
    );
    let clue = find(&line, &death()).unwrap();
    assert!(clue.line.len() <= 310 && !clue.line.contains('\u{1b}'), "{}", clue.line);
}

#[test]
fn the_log_is_cut_down_on_the_phone() {
    let phone = TestPhone::new();
    let line = at(
        "lowmemorykiller",
        "Kill 'slm-agent' (812), uid 2000, oom_score_adj 0 to free 9kB rss, 0kB swap; reason: x",
    );
    let noise = at("chatty", "nothing of interest").repeat(5000);
    phone.write("log", &format!("{noise}{line}{noise}"));
    // `-b all` is refused by some versions: the buffers of the default are read then.
    phone
        .program("logcat", "case \"$*\" in *'-b all'*) exit 1;; esac\ncat \"$HERE/log\"")
        .program("dmesg", "exit 1");
    let clue = investigate(&phone, &DeadAgent { oom_kills_before: None, ..death() }).unwrap().unwrap();
    assert_eq!((clue.failure, *phone.trips.lock().unwrap()), (Failure::OutOfMemory, 1));
    // A phone without any log.
    phone.program("logcat", "exit 1");
    assert_eq!(investigate(&phone, &DeadAgent { oom_kills_before: None, ..death() }).unwrap(), None);
}

proptest! {
    #[test]
    fn no_log_makes_it_panic(text in "(?s)(@@oom|Kill '|lowmemorykiller|' \\(|pid: |, tid:|>>>|Fatal signal |\\[|812|.|\n){0,30}", pid in 0u32..1000) {
        let death = DeadAgent { pid, since_unix_s: Some(0.0), oom_kills_before: Some(0) };
        let _ = find(&text, &death);
    }

    #[test]
    fn no_other_pid_is_taken_for_ours(pid in 1u32..100_000, ours in 1u32..100_000) {
        let line = at("lowmemorykiller", &format!("Kill 'x' ({pid}), uid 2000, oom_score_adj 0 to free 1kB rss, 0kB swap; reason: x"));
        let death = DeadAgent { pid: ours, since_unix_s: None, oom_kills_before: None };
        prop_assert_eq!(find(&line, &death).is_some(), pid == ours);
    }
}
