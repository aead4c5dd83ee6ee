//! What the tests of the `bench` program share: a sandbox that it runs in, its
//! results folder, and the processes it starts.
#![allow(dead_code, reason = "each test program uses a part of this")]

pub(crate) mod processes;
pub(crate) mod results;

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};
use tempfile::TempDir;

/// A model that loads in milliseconds.
pub(crate) const TINY: &str = "shape:arch=mpt,layers=2,d_model=64,heads=2,vocab=1024";

/// No command of the tests takes so long, on however busy a machine.
const PATIENCE: Duration = Duration::from_mins(4);

/// A folder of its own for each test: results, models and device locks.
pub(crate) struct Sandbox {
    folder: TempDir,
    agent: PathBuf,
    /// Further variables of the programs run in it.
    pub(crate) variables: Vec<(&'static str, PathBuf)>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("bench-test-").tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("tmp")).expect("a folder for locks");
        Self { folder, agent: agent(), variables: Vec::new() }
    }

    /// The same, with a shell script in the agent's place. In it `$AGENT` is the real one.
    pub(crate) fn with_agent_script(script: &str) -> Self {
        let mut sandbox = Self::new();
        let path = sandbox.path("agent.sh");
        let text = format!("#!/bin/sh\nAGENT='{}'\n{script}\n", sandbox.agent.display());
        let mut file = fs::File::create(&path).expect("the script is written");
        file.write_all(text.as_bytes()).expect("the script is written");
        file.set_permissions(fs::Permissions::from_mode(0o755)).expect("the script is executable");
        sandbox.agent = path;
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Paths of this machine as `[dir]`, for snapshots.
    pub(crate) fn redact(&self, text: &str) -> String {
        let canonical = self.folder.path().canonicalize().expect("the sandbox is there");
        let text = text.replace(&canonical.display().to_string(), "[dir]");
        text.replace(&self.folder.path().display().to_string(), "[dir]")
    }

    /// `bench` with arguments, to be started in the sandbox.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
        self.settle(&mut command);
        command.args(args);
        command
    }

    /// Any program, in the sandbox.
    pub(crate) fn settle(&self, command: &mut Command) {
        command
            .current_dir(self.folder.path())
            .env("SLM_BENCH_CACHE", self.path("models"))
            .env("SLM_AGENT", &self.agent)
            .env("TMPDIR", self.path("tmp"))
            .env("COLUMNS", "100")
            .env("NO_COLOR", "1")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
    }

    pub(crate) fn bench(&self, args: &[&str]) -> Ran {
        run(self.command(args))
    }

    /// `bench sweep --device local --out out` and these options, words apart.
    pub(crate) fn sweep(&self, options: &str) -> Ran {
        self.bench(&sweep_args(options))
    }

    pub(crate) fn resume(&self) -> Ran {
        self.bench(&["sweep", "--resume", "out"])
    }

    /// Makes a model file from a shape.
    pub(crate) fn make_model(&self, shape: &str, name: &str) -> PathBuf {
        let ran = self.bench(&["models", "make", shape, "--out", name]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        self.path(name)
    }

    /// Names in a folder of the sandbox, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).expect("the folder is there");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<String> =
            entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// The arguments of [`Sandbox::sweep`].
pub(crate) fn sweep_args(options: &str) -> Vec<&str> {
    let fixed = ["sweep", "--device", "local", "--out", "out"];
    fixed.into_iter().chain(options.split_whitespace()).collect()
}

/// Runs a command to its end.
pub(crate) fn run(command: Command) -> Ran {
    let output = assert_cmd::Command::from_std(command).timeout(PATIENCE).output().expect("bench starts");
    ran(output)
}

/// What a command left.
pub(crate) fn ran(output: Output) -> Ran {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    let ran = Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

/// The agent beside `bench`, or `SLM_AGENT`.
pub(crate) fn agent() -> PathBuf {
    let beside = Path::new(env!("CARGO_BIN_EXE_bench")).with_file_name("slm-agent");
    let agent = std::env::var_os("SLM_AGENT").map_or(beside, PathBuf::from);
    assert!(
        agent.is_file(),
        "these tests need the agent at {}: run `cargo build --release -p slm-agent` first, or ./test",
        agent.display()
    );
    agent
}
