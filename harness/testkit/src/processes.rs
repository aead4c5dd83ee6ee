//! Processes that a test starts, watches and kills, by their id only.

use crate::sandbox::{Ran, Sandbox, ran};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// What a test waits for comes sooner than this, on however busy a machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running `bench`, killed when the test is over.
pub struct Live(Option<Child>);

impl Live {
    /// Starts `bench` and goes on.
    pub fn start(sandbox: &Sandbox, args: &[&str]) -> Self {
        Self::start_command(sandbox, sandbox.command(args))
    }

    /// Starts a command of the sandbox and goes on.
    pub fn start_command(sandbox: &Sandbox, mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        // A file, since a pipe that nobody reads would stop the sweep.
        let stderr = fs::File::create(sandbox.path("stderr.txt")).expect("a file for stderr");
        command.stderr(stderr);
        Self(Some(command.spawn().expect("bench starts")))
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.0.as_ref().expect("it runs").id().cast_signed()
    }

    /// Whether it is over.
    pub fn has_ended(&mut self) -> bool {
        self.0.as_mut().expect("it runs").try_wait().expect("it can be waited for").is_some()
    }

    /// Waits for its end. Stderr is in `stderr.txt`.
    pub fn wait(mut self) -> Ran {
        wait_until("the end of bench", || self.has_ended());
        let child = self.0.take().expect("it runs");
        ran(child.wait_with_output().expect("it can be waited for"))
    }

    /// Whatever it started that runs.
    pub fn child(&self) -> Option<i32> {
        children(self.pid()).first().copied()
    }

    /// The agent that runs a job for it (one that only says hello does not count).
    pub fn agent(&self) -> Option<i32> {
        children(self.pid()).into_iter().find(|pid| {
            let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.split('\0').nth(1) == Some("run")
        })
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Waits until something holds; a test that waits in vain fails.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal; a process that is gone already is no error.
pub fn signal(pid: i32, signal: Signal) {
    let pid = Pid::from_raw(pid).expect("a process id");
    let _ = kill_process(pid, signal);
}

/// Agents of a sandbox that still run, whoever their parent is by now.
pub fn agents_in(sandbox: &Sandbox) -> Vec<i32> {
    let mark = format!("TMPDIR={}", sandbox.path("tmp").display());
    let is_agent = |pid: &i32| {
        let of = |file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let environment = of("environ");
        String::from_utf8_lossy(&of("comm")).trim() == "slm-agent"
            && environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
    };
    processes().filter(is_agent).collect()
}

/// Command lines of all processes, words apart.
pub fn command_lines() -> impl Iterator<Item = String> {
    let line = |pid| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    processes().map(move |pid| String::from_utf8_lossy(&line(pid)).replace('\0', " ").trim_end().to_owned())
}

fn children(parent: i32) -> Vec<i32> {
    processes().filter(|&pid| parent_of(pid) == Some(parent)).collect()
}

fn parent_of(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything: what follows its end counts.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn processes() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").expect("/proc is there").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}
