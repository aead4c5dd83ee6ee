//! A phone played by this machine's own `sh`, in a folder whose name is a trap for shells,
//! with an agent that is a script and a link that fails when told to.

use super::super::{Phone, lease_renewal::LeaseRenewer, retrying_link::RetryingLink};
use crate::{
    AgentRun, Device, Link, LinkError, NextEvent, RunName, Shell, ShellOutput,
    agents::Flavour,
    notice::no_notices,
    profile::{Identity, Profiles, ReportedCores, describe},
    readiness::Lease,
};
use slm_protocol::{Event, EventWriter};
use slm_testkit::agent::job;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// This machine as a phone.
pub(super) struct ShLink {
    /// Requests after which the link is lost once, again and again; 0: never.
    pub(super) lost_after: AtomicU32,
    requests: AtomicU32,
    serial: String,
    /// A folder of programs that go before this machine's.
    tools: PathBuf,
}

impl ShLink {
    fn is_lost(&self) -> bool {
        let every = self.lost_after.load(Ordering::Relaxed);
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        every > 0 && number.is_multiple_of(every)
    }
}

pub(super) fn gone() -> LinkError {
    LinkError::Lost { serial: "here".into(), why: "unplugged".into() }
}

impl Shell for ShLink {
    fn run(&self, script: &str, _: Duration) -> Result<ShellOutput, LinkError> {
        let path = format!("{}:{}", self.tools.display(), std::env::var("PATH").unwrap_or_default());
        let mut sh = Command::new("sh");
        let output = sh.arg("-c").arg(script).env("PATH", path).output().expect("sh is there");
        // Lost before its answer came: the command has had its effect.
        if self.is_lost() {
            return Err(gone());
        }
        let code = u8::try_from(output.status.code().unwrap_or(255)).unwrap_or(255);
        Ok(ShellOutput { code, stdout: output.stdout, stderr: output.stderr })
    }
}

impl Link for ShLink {
    fn serial(&self) -> &str {
        &self.serial
    }

    fn run_with_idle_timeout(&self, script: &str, silence: Duration) -> Result<ShellOutput, LinkError> {
        self.run(script, silence)
    }

    fn push(&self, from: &Path, to: &str, progress: &mut dyn FnMut(u64)) -> Result<(), LinkError> {
        let bytes = fs::read(from).expect("the file is there");
        // Cut off half-way.
        let lost = self.is_lost();
        fs::write(to, if lost { &bytes[..bytes.len() / 2] } else { &bytes[..] }).expect("it can be written");
        progress(bytes.len() as u64);
        if lost { Err(gone()) } else { Ok(()) }
    }

    fn reconnect(&self) {}
}

pub(super) struct Fixture {
    pub(super) folder: TempDir,
    pub(super) link: Arc<ShLink>,
    pub(super) phone: Phone,
}

/// A name that executes something if it is ever read as a command.
pub(super) const HOSTILE: &str = "it's $(touch x) `touch x`; touch x \"; touch x";
pub(super) const NAME: RunName<'_> = RunName { sweep: "5eed", run: 1, model: 0 };

impl Fixture {
    /// An agent that writes this many trials, one each 50 ms, then runs `end`.
    pub(super) fn new(trials: u32, end: &str) -> Self {
        let writes =
            "while read -r line; do printf '%s\\n' \"$line\" >> \"$5\"; sleep 0.05; done < \"$here/lines\"";
        let fixture = Self::with_agent(&format!("{writes}\n{end}"));
        let mut journal = Vec::new();
        let mut writer = EventWriter::new(&mut journal);
        for trial in 0..trials {
            writer.write(1, Event::TrialStarted { trial_id: format!("t{trial}") }).unwrap();
        }
        fs::write(fixture.root().join("lines"), journal).unwrap();
        fixture
    }

    /// An agent that is this script; `$here` is the root.
    pub(super) fn with_agent(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join(HOSTILE);
        fs::create_dir(&root).unwrap();
        fs::create_dir(root.join("bin")).unwrap();
        let agent = root.join("bin/slm-agent-0");
        // The copy is written by a process that has ended when it is executed.
        fs::write(root.join("script"), format!("#!/bin/sh\nhere=${{0%/*}}/..\n{script}\n")).unwrap();
        let made = Command::new("sh")
            .current_dir(&root)
            .args(["-c", "cp script bin/slm-agent-0 && chmod 755 bin/slm-agent-0"])
            .status();
        assert!(made.unwrap().success());
        let link = Arc::new(ShLink {
            lost_after: AtomicU32::new(0),
            requests: AtomicU32::new(0),
            // Claims of this machine's tests are kept apart by it.
            serial: folder.path().file_name().unwrap().to_string_lossy().into_owned(),
            tools: folder.path().join("tools"),
        });
        let phone = Phone {
            name: "here".into(),
            link: RetryingLink::new(link.clone(), "here", no_notices()),
            root: root.to_str().unwrap().to_owned(),
            identity: Identity::default(),
            description: describe(
                &Profiles::built_in().unwrap(),
                &Identity::default(),
                ReportedCores::default(),
            ),
            lease_renewer: LeaseRenewer::default(),
            flavour: Flavour::Armv8,
            feature: None,
            lease: Lease::USUAL,
            agent: OnceLock::from(agent.to_str().unwrap().to_owned()),
        };
        Self { folder, link, phone }
    }

    /// Loses the link at the request after so many more, and not again soon.
    pub(super) fn lose_at(&self, request: u32) {
        self.link.requests.store(1000 - request, Ordering::Relaxed);
        self.link.lost_after.store(1000, Ordering::Relaxed);
    }

    /// The same phone for somebody who does not wait.
    pub(super) fn without_patience(mut self) -> Self {
        self.phone.link = self.phone.link.with_patience(Duration::ZERO);
        self
    }

    /// A program of the phone, as a script. Another process writes it, as it does the agent.
    pub(super) fn tool(&self, name: &str, script: &str) {
        let tools = self.folder.path().join("tools");
        fs::create_dir_all(&tools).unwrap();
        fs::write(tools.join("script"), format!("#!/bin/sh\n{script}\n")).unwrap();
        let copy = format!("cp script {name} && chmod 755 {name}");
        assert!(Command::new("sh").current_dir(&tools).args(["-c", &copy]).status().unwrap().success());
    }

    pub(super) fn start(&self) -> Box<dyn AgentRun> {
        self.phone.start(NAME, &job()).expect("it starts")
    }

    pub(super) fn root(&self) -> PathBuf {
        self.folder.path().join(HOSTILE)
    }

    /// Nothing was executed, wherever a shell may have stood.
    pub(super) fn check(&self) {
        assert!(
            !self.folder.path().join("x").exists()
                && !self.root().join("x").exists()
                && !Path::new("x").exists()
        );
    }
}

/// Numbers of the events until the run ends.
pub(super) fn follow(run: &mut dyn AgentRun) -> Vec<u64> {
    let deadline = Instant::now() + Duration::from_mins(2);
    let mut seen = Vec::new();
    while Instant::now() < deadline {
        match run.next(Duration::from_millis(100)) {
            NextEvent::Event(envelope) => seen.push(envelope.seq),
            NextEvent::Ended => return seen,
            NextEvent::Timeout | NextEvent::Unreachable => {}
            NextEvent::Invalid(error) => panic!("{error}"),
        }
    }
    panic!("no end; so far {seen:?}");
}

pub(super) fn all(trials: u64) -> Vec<u64> {
    (0..trials).collect()
}
