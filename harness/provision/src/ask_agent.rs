//! One question to this machine's agent, one answer: a process of its own, since the engine ends the whole process
//! on some damaged files.

use crate::local_agent::{find_agent, in_words, tail};
use serde::{Serialize, de::DeserializeOwned};
use slm_plan::text::clean;
use std::{
    ffi::OsStr,
    io::{Read, Write},
    process::{Command, Stdio},
    thread,
};

/// Runs the agent with these arguments and a JSON document on stdin; it answers with one. Where it ends otherwise,
/// `refused` and what it said last are the error, one line.
pub(crate) fn ask<T: DeserializeOwned>(
    args: &[&OsStr],
    request: &impl Serialize,
    refused: &str,
) -> Result<T, String> {
    let agent = find_agent().map_err(|error| error.to_string())?;
    let failed = |what: &str| format!("{}: {what}", agent.display());
    let mut child = Command::new(&agent)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(&format!("cannot be started: {error}")))?;
    let (Some(mut stdin), Some(mut stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(failed("has no pipes"));
    };
    let request = serde_json::to_vec(request).map_err(|error| error.to_string())?;
    // An agent that dies at once breaks the pipe; its exit status says more.
    thread::spawn(move || drop(stdin.write_all(&request)));
    let stderr = thread::spawn(move || tail(stderr));
    let mut report = Vec::new();
    let read = stdout.read_to_end(&mut report);
    let status = child.wait().map_err(|error| failed(&error.to_string()))?;
    let words = stderr.join().unwrap_or_default();
    if !status.success() || read.is_err() {
        return Err(format!("{refused} ({status}): {}", clean(&in_words(&words))));
    }
    serde_json::from_slice(&report).map_err(|error| {
        failed(&format!("its report is not understood ({error}); build agent and bench from one version"))
    })
}
