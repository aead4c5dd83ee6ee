//! A device for tests: a real `sh` whose PATH begins with scripts of the test's own,
//! which answer for `getprop`, `dumpsys`, `cmd`, `settings` and the like.

use super::{LinkError, Shell, ShellOutput};
use std::{
    fs,
    io::{Read, Write},
    path::PathBuf,
    process::{Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A folder that stands for a phone.
pub(crate) struct TestPhone {
    folder: TempDir,
    /// Round trips so far.
    pub(crate) trips: Mutex<usize>,
}

impl TestPhone {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        Self { folder, trips: Mutex::new(0) }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Installs a program; in it `$HERE` is the phone's folder. Another process writes
    /// it: one forked by a test beside this one would inherit a file that is open for
    /// writing here, and the kernel would call the program busy.
    pub(crate) fn program(&self, name: &str, script: &str) -> &Self {
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

    pub(crate) fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path(name)).ok()
    }
}

impl Shell for TestPhone {
    fn run(&self, script: &str, timeout: Duration) -> Result<ShellOutput, LinkError> {
        *self.trips.lock().unwrap() += 1;
        // A folder with Android's own `sh` (mksh) and toybox shows whether they like our scripts.
        let userland = std::env::var("BENCH_TEST_USERLAND").unwrap_or_else(|_| "/usr/bin".into());
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
        let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let stdout = std::thread::spawn(move || {
            let mut all = Vec::new();
            out.read_to_end(&mut all).unwrap();
            all
        });
        let stderr = std::thread::spawn(move || {
            let mut all = Vec::new();
            err.read_to_end(&mut all).unwrap();
            all
        });
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > deadline {
                child.kill().unwrap();
                child.wait().unwrap();
                return Err(LinkError::TimedOut { serial: "test".into(), seconds: timeout.as_secs() });
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(255);
        Ok(ShellOutput { code, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() })
    }
}
