//! The test phone for tests: Debian's real adbd for arm64 (scripts/test-phone.sh), its planted files and its faults.
//!
//! Tests that use it are marked `#[ignore = "needs the test phone"]`; `./test` runs them where it can.

pub mod checks;
mod lab;
mod rounds;
mod stage;

pub use lab::{Lab, Stay};
pub use rounds::rounds;
pub use stage::{OPTIONS, Stage};

use std::{fs, path::PathBuf, process::Output, sync::Arc};

/// One phone in a lab.
pub struct TestPhone {
    lab: Arc<Lab>,
    name: String,
    /// As adb knows it.
    pub serial: String,
    files: PathBuf,
    disk: PathBuf,
}

impl TestPhone {
    /// A phone with a lab of its own.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same, with options of `test-phone.sh start`, such as `--disk 20M` or `--cpu cortex-a53`.
    pub fn start_with(options: &[&str]) -> Self {
        Self::in_lab(Arc::new(Lab::start()), "s24", options)
    }

    /// One more phone in the same lab.
    #[must_use]
    pub fn beside(&self, name: &str, options: &[&str]) -> Self {
        Self::in_lab(Arc::clone(&self.lab), name, options)
    }

    fn in_lab(lab: Arc<Lab>, name: &str, options: &[&str]) -> Self {
        let info = lab.must(&[&["start", name], options].concat());
        let value = |key: &str| {
            let line = info.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            line.unwrap_or_else(|| panic!("{key} in {info}")).to_owned()
        };
        let (serial, files, disk) = (value("serial"), value("files").into(), value("disk").into());
        Self { lab, name: name.to_owned(), serial, files, disk }
    }

    /// Its lab.
    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    /// Moves the calling thread into the phone's network, where the adb server is at its usual port.
    pub fn enter(&self) -> Stay {
        self.lab.enter()
    }

    /// Runs the host's `adb -s SERIAL`.
    pub fn adb(&self, args: &[&str]) -> Output {
        self.lab.script(&[&["adb", "-s", &self.serial], args].concat())
    }

    /// What a script on the phone prints; it must succeed.
    pub fn shell(&self, script: &str) -> String {
        let output = self.adb(&["shell", script]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}: {} {stderr}", output.status);
        String::from_utf8(output.stdout).expect("text")
    }

    /// Sets a property. What `adb devices -l` shows is read when the phone connects.
    pub fn set_property(&self, name: &str, value: &str) {
        let path = self.files.join("build.prop");
        let old = fs::read_to_string(&path).expect("properties");
        let prefix = format!("{name}=");
        let others = old.lines().filter(|line| !line.starts_with(&prefix));
        let lines: Vec<&str> = others.chain([prefix.as_str()]).collect();
        let text = format!("{}{value}\n", lines.join("\n"));
        fs::write(path, text).expect("properties");
    }

    /// Changes a planted file: `sys/class/thermal/thermal_zone0/temp`, `proc/meminfo`, `dumpsys/battery`, `logcat`…
    pub fn plant(&self, path: &str, text: &str) {
        // In place: a file that is bound on the phone keeps its inode.
        fs::write(self.files.join(path), text).expect("a planted file");
    }

    /// A global setting of Android, as it is now; empty where it was never made.
    pub fn setting(&self, name: &str) -> String {
        let path = self.files.join("settings/global").join(name);
        fs::read_to_string(path).unwrap_or_default().trim().to_owned()
    }

    /// Where a planted file is on this machine.
    pub fn file(&self, path: &str) -> PathBuf {
        self.files.join(path)
    }

    /// A planted file as it is now.
    pub fn planted(&self, path: &str) -> String {
        fs::read_to_string(self.files.join(path)).expect("a planted file")
    }

    /// Commands that the phone's services were given, one a line.
    pub fn calls(&self) -> String {
        self.planted("calls")
    }

    /// The phone's /data/local/tmp, as this machine sees it.
    pub fn disk(&self) -> PathBuf {
        self.disk.clone()
    }

    /// Fills the disk but for so many bytes.
    pub fn fill_disk(&self, left: u64) {
        let file = fs::File::create(self.disk.join("filler")).expect("a file to fill with");
        // Again when what runs on the phone was faster with the last of it.
        for _ in 0..100 {
            let free = rustix::fs::statvfs(&self.disk).expect("the disk's size");
            let wanted = (free.f_bavail * free.f_frsize).saturating_sub(left);
            match rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, wanted) {
                _ if wanted == 0 => return,
                Err(rustix::io::Errno::NOSPC) => {}
                filled => return filled.expect("space to fill"),
            }
        }
        panic!("the disk does not fill");
    }

    /// A program of Android's on the phone, as a script; without one it is gone.
    pub fn program(&self, name: &str, script: Option<&str>) {
        let path = self.files.join("bin").join(name);
        // Another file, for one that runs must not be written; some are the phone's own, not Android's.
        let _ = fs::remove_file(&path);
        if let Some(script) = script {
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a program");
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
                .expect("its mode");
        }
    }

    /// Takes back [`Self::fill_disk`].
    pub fn free_disk(&self) {
        fs::remove_file(self.disk.join("filler")).expect("the disk was filled");
    }

    /// Stops adbd for a while: the link stays and nothing answers.
    pub fn freeze(&self) {
        self.lab.must(&["freeze", &self.name]);
    }

    /// Ends [`Self::freeze`].
    pub fn thaw(&self) {
        self.lab.must(&["thaw", &self.name]);
    }

    /// Kills adbd, as pulling the cable does; it is back within a second, and the adb server sees it again some
    /// ten seconds later, or with [`Self::connect`].
    pub fn unplug(&self) {
        self.lab.must(&["unplug", &self.name]);
    }

    /// Connects at once, and waits until the phone is there.
    pub fn connect(&self) {
        self.lab.must(&["connect", &self.name]);
    }

    /// Everything on the phone dies and it starts anew; its disk stays.
    pub fn restart(&self) {
        self.lab.must(&["restart", &self.name]);
    }

    /// Its battery is empty: everything on it dies, and nobody answers until [`Self::on`].
    pub fn off(&self) {
        self.lab.must(&["off", &self.name]);
    }

    /// Ends [`Self::off`].
    pub fn on(&self) {
        self.lab.must(&["on", &self.name]);
    }

    /// Kills a program on the phone, as its kernel does when memory is short; false when none runs.
    pub fn kill(&self, program: &str) -> bool {
        self.lab.script(&["kill", &self.name, program]).status.success()
    }

    /// The phone no longer knows this computer's key.
    pub fn unauthorize(&self) {
        self.lab.must(&["unauthorize", &self.name]);
    }

    /// Takes back [`Self::unauthorize`].
    pub fn authorize(&self) {
        self.lab.must(&["authorize", &self.name]);
    }

    /// The phone is there and does not greet: `offline` in the adb server's list, until it is thawed and connected.
    pub fn take_offline(&self) {
        self.lab.must(&["offline", &self.name]);
    }
}
