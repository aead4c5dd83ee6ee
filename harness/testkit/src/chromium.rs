//! A page in headless Chromium, where one is installed.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// An installed Chromium.
pub struct Chromium(PathBuf);

/// What became of a page.
pub struct Shown {
    /// The document after its scripts ran.
    pub dom: String,
    /// What it wrote to the console: errors, warnings, refused scripts.
    pub console: String,
}

/// Finds Chromium; without one, says so and gives `None`, and the test passes.
#[expect(clippy::print_stderr, reason = "shown with the test's output")]
pub fn find() -> Option<Chromium> {
    let folders = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let found = std::env::split_paths(&folders)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|path| path.is_file());
    if found.is_none() {
        eprintln!("skipped: no Chromium is installed, the page was not opened");
    }
    found.map(Chromium)
}

impl Chromium {
    /// Opens a file and lets its scripts run.
    pub fn open(&self, file: &Path) -> Shown {
        let profile = tempfile::tempdir().unwrap();
        let output = Command::new(&self.0)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
            ])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--enable-logging=stderr", "--virtual-time-budget=3000", "--dump-dom"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("file://{}", file.display()))
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        let console: Vec<&str> = errors.lines().filter(|line| line.contains("CONSOLE")).collect();
        let dom = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(dom.contains("<html"), "Chromium did not start: {errors}");
        Shown { dom, console: console.join("\n") }
    }
}
