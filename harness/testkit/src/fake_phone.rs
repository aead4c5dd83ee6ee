//! A phone played by this machine's `sh`, in a folder of its own. The folder's `bin` comes
//! first in PATH: scripts there answer for `getprop`, `dumpsys`, `cmd`, `settings` and the like.

use std::{
    env, fs,
    io::{Read, Write},
    path::PathBuf,
    process::{Command, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A folder that stands for a phone.
pub struct FakePhone {
    folder: TempDir,
    /// Round trips so far.
    pub trips: Mutex<usize>,
}

/// How a script ended.
pub struct Ended {
    /// Exit code; 255 after a signal.
    pub code: u8,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it said beside that.
    pub stderr: Vec<u8>,
}

impl Default for FakePhone {
    fn default() -> Self {
        Self::new()
    }
}

impl FakePhone {
    /// One without programs of its own.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        Self { folder, trips: Mutex::new(0) }
    }

    /// A path in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Installs a program; in it `$HERE` is the phone's folder. Another process writes
    /// it: one forked by a test beside this one would inherit a file that is open for
    /// writing here, and the kernel would call the program busy.
    pub fn program(&self, name: &str, script: &str) -> &Self {
        let path = self.path("bin").join(name);
        let text = format!("#!/bin/sh\nHERE='{}'\n{script}\n", self.folder.path().display());
        let mut writer = Command::new("sh")
            .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
            .arg(path)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        writer.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(writer.wait().unwrap().success());
        self
    }

    /// Writes a file, and its folder.
    pub fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// A file's text, where it is there.
    pub fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path(name)).ok()
    }

    /// Runs a script; nothing when it takes too long.
    pub fn run(&self, script: &str, timeout: Duration) -> Option<Ended> {
        *self.trips.lock().unwrap() += 1;
        // A folder with Android's own `sh` (mksh) and toybox shows whether they like our scripts.
        let userland = env::var("BENCH_TEST_USERLAND").unwrap_or_else(|_| "/usr/bin".into());
        let path = format!("{}:{userland}:/usr/bin:/bin", self.path("bin").display());
        let mut child = Command::new("sh")
            .args(["-c", script])
            .env("PATH", path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + timeout;
        let (stdout, stderr) = (all_of(child.stdout.take()), all_of(child.stderr.take()));
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > deadline {
                child.kill().unwrap();
                child.wait().unwrap();
                return None;
            }
            thread::sleep(Duration::from_millis(5));
        };
        let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(255);
        Some(Ended { code, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() })
    }
}

/// Reads a stream to its end, in a thread of its own.
fn all_of(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    let mut stream = stream.unwrap();
    thread::spawn(move || {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        all
    })
}
