//! An agent's process that quantizes or checks a file.

use super::recipe::Recipe;
use crate::local_agent::{Exit, tail};
use slm_plan::{
    error::{Error, Result},
    interrupt::Interrupt,
};
use slm_protocol::{QuantizeEvent, QuantizeLine};
use std::{
    ffi::OsString,
    io::{BufRead, BufReader, Read},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::Duration,
};

/// The agent's exit code for a file that it refuses, with the reason on stderr.
const REFUSED: i32 = 3;
/// Longest line that is read, bytes.
const MAX_LINE: u64 = 1 << 16;
/// How often it is looked whether the user wants to stop.
const TICK: Duration = Duration::from_millis(50);

pub(super) struct Child {
    agent: PathBuf,
    arguments: Vec<OsString>,
}

impl Child {
    pub(super) fn quantize(
        agent: &Path,
        input: &Path,
        output: &Path,
        recipe: &Recipe,
        dry_run: bool,
    ) -> Self {
        let mut arguments: Vec<OsString> = vec!["quantize".into(), "--die-with-parent".into()];
        arguments.extend(["--input".into(), input.into(), "--output".into(), output.into()]);
        arguments.extend(["--type".into(), recipe.quant.name().into()]);
        if let Some(embd) = recipe.embd {
            arguments.extend(["--embd".into(), embd.to_string().into()]);
        }
        if let Some(head) = recipe.head {
            arguments.extend(["--head".into(), head.to_string().into()]);
        }
        if dry_run {
            arguments.push("--dry-run".into());
        }
        Self { agent: agent.to_owned(), arguments }
    }

    pub(super) fn check(agent: &Path, file: &Path) -> Self {
        Self { agent: agent.to_owned(), arguments: vec!["check".into(), file.into()] }
    }

    /// Runs it to its end; `false` when the user stopped it.
    pub(super) fn run(&self, take: &mut dyn FnMut(QuantizeEvent), interrupt: &Interrupt) -> Result<bool> {
        let mut command = Command::new(&self.agent);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A Ctrl-C on the terminal is for the host, which then ends the agent.
        let mut child = command.process_group(0).spawn().map_err(|error| {
            let what = format!("cannot start {}: {error}", self.agent.display());
            Error::input(what, "build the agent for this machine")
        })?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(Error::Internal("the agent has no pipes".into()));
        };
        let stderr = thread::spawn(move || tail(stderr));
        let (sender, lines) = channel();
        thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            loop {
                let mut line = String::new();
                let read = stdout.by_ref().take(MAX_LINE).read_line(&mut line);
                if !matches!(read, Ok(1..)) || sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut not_understood = None;
        loop {
            match lines.recv_timeout(TICK) {
                Ok(line) => match QuantizeLine::decode(&line) {
                    Ok(line) => take(line.event),
                    Err(error) => not_understood = not_understood.or(Some(error)),
                },
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if interrupt.is_set() {
                // It writes to a temporary file only.
                let _ = child.kill();
                let _ = child.wait();
                return Ok(false);
            }
        }
        let status = child.wait().map_err(|error| Error::Internal(format!("the agent: {error}")))?;
        let stderr = stderr.join().unwrap_or_default();
        match (status.success(), not_understood) {
            (true, None) => Ok(true),
            (true, Some(error)) => {
                let what = format!("the agent at {} is not understood: {error}", self.agent.display());
                Err(Error::input(what, "build agent and bench from one version"))
            }
            (false, _) => {
                let (code, signal) = (status.code(), status.signal());
                Err(failure(&Exit { code, signal, stderr, ..Exit::default() }))
            }
        }
    }
}

/// Why it ended, in one line.
fn failure(exit: &Exit) -> Error {
    let words = exit.stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let words = words.trim().trim_start_matches("slm-agent: ");
    if exit.code == Some(REFUSED) && !words.is_empty() {
        return Error::input(format!("the engine refuses the file: {words}"), "nothing was written");
    }
    Error::Internal(format!("{}; nothing was written", exit.cause().1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, io::Write, os::unix::fs::PermissionsExt, time::Instant};

    /// A shell script in the agent's place.
    fn run(script: &str, interrupt: &Interrupt) -> (Result<bool>, Vec<QuantizeEvent>) {
        let folder = tempfile::tempdir().unwrap();
        let agent = folder.path().join("agent");
        let mut file = fs::File::create(&agent).unwrap();
        file.write_all(format!("#!/bin/sh\n{script}\n").as_bytes()).unwrap();
        file.set_permissions(fs::Permissions::from_mode(0o755)).unwrap();
        drop(file);
        let mut events = Vec::new();
        let ended = Child::check(&agent, Path::new("x")).run(&mut |event| events.push(event), interrupt);
        (ended, events)
    }

    #[test]
    fn ends_are_told_apart_in_one_line() {
        let calm = Interrupt::default();
        let line = r#"echo '{"v":"1.0","event":{"type":"done","needs_imatrix":true}}'"#;
        let (ended, events) = run(line, &calm);
        assert!(ended.unwrap() && events == [QuantizeEvent::Done { needs_imatrix: true }]);
        for (script, words) in [
            ("echo 'slm-agent: no such tensor' >&2; exit 3", "the engine refuses the file: no such tensor;"),
            ("echo 'slm-agent: the engine aborts: GGML_ASSERT' >&2; kill -ABRT $$", "signal 6 (SIGABRT)"),
            ("exit 134", "status 134"),
            ("echo rubbish", "one version"),
            (r#"echo '{"v":"9.0","event":{}}'"#, "9.0"),
            ("head -c 200000 /dev/zero | tr '\\0' x", "one version"),
        ] {
            let error = run(script, &calm).0.unwrap_err().to_string();
            assert!(error.contains(words) && !error.contains('\n'), "{script}: {error}");
        }
    }

    #[test]
    fn a_child_that_hangs_is_killed_when_the_user_stops() {
        let interrupt = Interrupt::default();
        interrupt.raise();
        let started = Instant::now();
        assert!(!run("sleep 60", &interrupt).0.unwrap());
        assert!(started.elapsed() < Duration::from_secs(30));
    }
}
