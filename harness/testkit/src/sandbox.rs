//! A sandbox that `bench` runs in.

use std::{
    collections::BTreeMap,
    env, fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output},
    time::Duration,
};
use tempfile::TempDir;

/// A model that loads in milliseconds.
pub const TINY: &str = "shape:arch=mpt,layers=2,d_model=64,heads=2,vocab=1024";

/// No command of the tests takes so long, on however busy a machine.
const PATIENCE: Duration = Duration::from_mins(4);

impl Ran {
    /// Why it was refused: the only line of an error, which comes last.
    pub fn refusal(&self, code: i32) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "{self:?}");
        let errors: Vec<&str> = self.stderr.lines().filter(|line| line.starts_with("bench: ")).collect();
        assert_eq!((errors.len(), self.stderr.lines().last()), (1, errors.last().copied()), "{self:?}");
        errors[0].to_owned()
    }
}

/// A folder of its own for each test: results, models and device locks.
pub struct Sandbox {
    folder: TempDir,
    agent: PathBuf,
    /// Further variables of the programs run in it.
    pub variables: Vec<(&'static str, PathBuf)>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; nothing after a signal.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said beside that.
    pub stderr: String,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Sandbox {
    /// An empty one.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("bench-test-").tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("tmp")).expect("a folder for locks");
        Self { folder, agent: agent(), variables: Vec::new() }
    }

    /// The same, with a shell script in the agent's place. In it `$AGENT` is the real one.
    pub fn with_agent_script(script: &str) -> Self {
        let mut sandbox = Self::new();
        let path = sandbox.path("agent.sh");
        let text = format!("#!/bin/sh\nAGENT='{}'\n{script}\n", sandbox.agent.display());
        let mut file = fs::File::create(&path).expect("the script is written");
        file.write_all(text.as_bytes()).expect("the script is written");
        file.set_permissions(fs::Permissions::from_mode(0o755)).expect("the script is executable");
        sandbox.agent = path;
        sandbox
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Paths of this machine as `[dir]`, for snapshots.
    pub fn redact(&self, text: &str) -> String {
        let canonical = self.folder.path().canonicalize().expect("the sandbox is there");
        let text = text.replace(&canonical.display().to_string(), "[dir]");
        text.replace(&self.folder.path().display().to_string(), "[dir]")
    }

    /// `bench` with arguments, to be started in the sandbox.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(bench());
        self.settle(&mut command);
        command.args(args);
        command
    }

    /// Any program, in the sandbox.
    pub fn settle(&self, command: &mut Command) {
        command
            .current_dir(self.folder.path())
            .env("SLM_BENCH_CACHE", self.path("models"))
            .env("SLM_AGENT", &self.agent)
            .env("TMPDIR", self.path("tmp"))
            .env("COLUMNS", "100")
            .env("NO_COLOR", "1")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
    }

    /// Runs `bench` with arguments.
    pub fn bench(&self, args: &[&str]) -> Ran {
        run(self.command(args))
    }

    /// `bench sweep --device local --out out` and these options, words apart.
    pub fn sweep(&self, options: &str) -> Ran {
        self.bench(&sweep_args(options))
    }

    /// Goes on with the sweep in `out`.
    pub fn resume(&self) -> Ran {
        self.bench(&["sweep", "--resume", "out"])
    }

    /// Makes a model file from a shape.
    pub fn make_model(&self, shape: &str, name: &str) -> PathBuf {
        let ran = self.bench(&["models", "make", shape, "--out", name]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        self.path(name)
    }

    /// Names in a folder of the sandbox, sorted.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).expect("the folder is there");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<String> =
            entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// The arguments of [`Sandbox::sweep`].
pub fn sweep_args(options: &str) -> Vec<&str> {
    let fixed = ["sweep", "--device", "local", "--out", "out"];
    fixed.into_iter().chain(options.split_whitespace()).collect()
}

/// Runs a command to its end.
pub fn run(command: Command) -> Ran {
    let output = assert_cmd::Command::from_std(command).timeout(PATIENCE).output().expect("bench starts");
    ran(output)
}

/// What a command left.
pub fn ran(output: Output) -> Ran {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    let ran = Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

/// Every file and folder below some folders, each file with its content: what must stay as it is.
pub fn trees(folders: &[PathBuf]) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let (mut all, mut left) = (BTreeMap::new(), folders.to_vec());
    while let Some(path) = left.pop() {
        if !path.is_dir() || path.is_symlink() {
            all.insert(path.clone(), fs::read(&path).ok());
            continue;
        }
        left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        all.insert(path, None);
    }
    all
}

/// The `bench` under test.
pub fn bench() -> PathBuf {
    built("bench", None)
}

/// The agent beside `bench`, or `SLM_AGENT`.
pub fn agent() -> PathBuf {
    built("slm-agent", env::var_os("SLM_AGENT").map(PathBuf::from))
}

/// A program that cargo built: beside the folder of the test program that runs.
fn built(name: &str, given: Option<PathBuf>) -> PathBuf {
    let beside = || Some(env::current_exe().ok()?.parent()?.parent()?.join(name));
    let path = given.or_else(beside).unwrap_or_default();
    assert!(
        path.is_file(),
        "these tests need {name} at {}: run `cargo build --release -p slm-bench -p slm-agent` first, or ./test",
        path.display()
    );
    path
}
