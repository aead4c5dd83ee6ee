//! A lab: the network in which test phones and their adb server run.

use crate::repository::root;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    os::fd::AsFd,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};
use tempfile::TempDir;

/// Ends, with everything in it, when it is dropped or when the test program dies: the script reads from it.
pub struct Lab {
    folder: TempDir,
    process: Child,
}

/// The calling thread's stay in a lab's network; it ends with this value.
pub struct Stay {
    home: File,
}

impl Lab {
    /// Starts a lab; the first one on a machine makes the phone's root folder.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("test-phone-").tempdir().expect("a temporary folder");
        let mut process = script(folder.path(), &["lab"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the script starts");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("the script says something");
        if line.trim() != "ready" {
            let mut why = String::new();
            process.stderr.take().expect("piped").read_to_string(&mut why).expect("text");
            panic!("no lab for test phones: {why}");
        }
        Self { folder, process }
    }

    /// Where its phones' folders are.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("lab")
    }

    /// Process id of the script that keeps it.
    pub fn keeper(&self) -> u32 {
        self.process.id()
    }

    /// Process id of the first process in it.
    pub fn pid(&self) -> u32 {
        let text = std::fs::read_to_string(self.folder().join("pid")).expect("the lab is up");
        text.trim().parse().expect("a process id")
    }

    /// Moves the calling thread into the lab's network: what it connects to is there, and so are the programs that
    /// it starts.
    pub fn enter(&self) -> Stay {
        let home = File::open("/proc/thread-self/ns/net").expect("this thread has a network");
        move_into(&File::open(format!("/proc/{}/ns/net", self.pid())).expect("the lab has a network"));
        Stay { home }
    }

    /// Runs a command of scripts/test-phone.sh to its end.
    pub fn script(&self, args: &[&str]) -> Output {
        script(self.folder.path(), args).stdin(Stdio::null()).output().expect("the script starts")
    }

    /// The same, for what must succeed; its stdout.
    pub fn must(&self, args: &[&str]) -> String {
        let output = self.script(args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "test-phone.sh {args:?}: {} {stderr}", output.status);
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // A lab that does not end fails the test that looks for its remains, not this one.
        let _ = self.process.wait();
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        move_into(&self.home);
    }
}

fn move_into(network: &File) {
    move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).expect("root may move");
}

fn script(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(root().join("scripts/test-phone.sh"));
    command.args(args).env("TEST_PHONE_LAB", folder.join("lab"));
    command
}
