//! This machine: the agent as a child process, its events through a pipe.

use crate::{
    AgentRun, Claim, Device, NextEvent, Notice, Notify, OpenOptions, RunName, StagedModel, StartError,
    lock::DeviceLock,
};
use slm_plan::{
    Capabilities, CompiledSource, ModelSource, PlannedModel,
    error::{Error, Result},
};
use slm_protocol::{AgentFacts, CompiledModel, DecodeError, Envelope, Event, EventReader, Failure, Job};
use slm_provision::{
    self as provision, StageError,
    local_agent::{Exit, agent_path, present, tail},
};
use std::{
    fs,
    io::{BufReader, Write},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How long an agent may take to end after SIGTERM.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// How to get an agent for this machine that runs models compiled by TVM.
const COMPILED_REMEDY: &str = "`pip install apache-tvm-ffi`, then TVM_FFI_INCLUDE=$(tvm-ffi-config --includedir) cargo build \
                            --release -p slm-agent --features mlc (docs/mlc.md)";

/// This machine.
pub struct Local {
    agent: PathBuf,
    notify: Notify,
}

impl Local {
    /// Its name.
    pub const NAME: &'static str = "local";

    /// Opens this machine, if the name is `local`.
    ///
    /// # Errors
    /// [`Error::Input`] when there is no agent.
    pub(crate) fn open(name: &str, options: &OpenOptions<'_>) -> Result<Option<Box<dyn Device>>> {
        if name != Self::NAME {
            return Ok(None);
        }
        Ok(Some(Box::new(Self::new(options.notify.clone())?)))
    }

    /// Finds the agent: `SLM_AGENT`, or beside this program.
    ///
    /// # Errors
    /// [`Error::Input`] when there is none.
    pub fn new(notify: Notify) -> Result<Self> {
        Self::with_agent(agent_path(), notify)
    }

    /// With the agent at this path.
    ///
    /// # Errors
    /// [`Error::Input`] when there is none.
    pub fn with_agent(agent: PathBuf, notify: Notify) -> Result<Self> {
        present(agent).map(|agent| Self { agent, notify })
    }

    fn spawn(&self, command: &mut Command) -> Result<Child> {
        // A process group of its own: a Ctrl-C on the terminal is for the host,
        // which then ends the agent in order.
        command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().map_err(|error| {
            Error::input(
                format!("cannot start {}: {error}", self.agent.display()),
                "build the agent for this machine",
            )
        })
    }
}

/// The libraries of a compiled model: on this machine, the files of the plan.
fn compiled(source: &ModelSource) -> Option<Box<CompiledModel>> {
    let ModelSource::Compiled(CompiledSource { library, runtime, device, .. }) = source else { return None };
    Some(Box::new(CompiledModel { runtime: runtime.clone(), library: library.clone(), device: *device }))
}

impl Device for Local {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { feature_remedy: COMPILED_REMEDY, ..Capabilities::default() }
    }

    fn hello(&self) -> Result<AgentFacts> {
        let child = self.spawn(Command::new(&self.agent).arg("hello").stdin(Stdio::null()))?;
        let output = child.wait_with_output();
        let output = output.map_err(|error| Error::Internal(format!("{}: {error}", self.agent.display())))?;
        let refused = |why: String| {
            let what = format!("the agent at {} is not usable: {why}", self.agent.display());
            Error::input(what, "build agent and bench from one version")
        };
        match EventReader::new(output.stdout.as_slice()).next_event() {
            Ok(Some(Envelope { event: Event::Hello(facts), .. })) => Ok(*facts),
            Ok(_) => {
                Err(refused(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim())))
            }
            Err(error) => Err(refused(error.to_string())),
        }
    }

    fn claim(&self, _sweep: &str) -> Result<Claim> {
        let lock = DeviceLock::take(self.name())?;
        Ok(Claim::new(move || drop(lock)))
    }

    fn stage_model(&self, model: &PlannedModel) -> std::result::Result<StagedModel, StageError> {
        let Some(file) =
            provision::ensure(model, &|event| (self.notify)(self.name(), Notice::Provision(event)))?
        else {
            return Ok(StagedModel::default());
        };
        let failed = |error: Error| StageError { failure: Failure::LoadFailed, message: error.to_string() };
        // The parts of a split model are found by their names, which a link's target may not have.
        let path = if matches!(&model.source, ModelSource::File { further, .. } if !further.is_empty()) {
            std::path::absolute(&file)
        } else {
            file.canonicalize()
        };
        let path = path.map_err(|error| failed(Error::reading(&file, &error)))?;
        let path = path.into_os_string().into_string().map_err(|path| {
            let what = format!("the path {} is not UTF-8", path.display());
            failed(Error::input(what, "rename the file or its folder"))
        })?;
        Ok(StagedModel { path, compiled: compiled(&model.source) })
    }

    fn start(&self, _name: RunName<'_>, job: &Job) -> std::result::Result<Box<dyn AgentRun>, StartError> {
        self.spawn_run(job).map_err(StartError::Refused)
    }
}

impl Local {
    fn spawn_run(&self, job: &Job) -> Result<Box<dyn AgentRun>> {
        let oom_kills = oom_kills();
        let job = serde_json::to_vec(job).map_err(|error| Error::Internal(format!("job: {error}")))?;
        let mut command = Command::new(&self.agent);
        let mut child = self.spawn(command.args(["run", "--die-with-parent"]).stdin(Stdio::piped()))?;
        let (Some(mut stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(Error::Internal("the agent has no pipes".into()));
        };
        // An agent that dies at once breaks the pipe; its exit status says more.
        thread::spawn(move || drop(stdin.write_all(&job)));
        let (sender, events) = channel();
        thread::spawn(move || {
            let mut reader = EventReader::new(BufReader::new(stdout));
            loop {
                let next = reader.next_event();
                let last = !matches!(next, Ok(Some(_)));
                if sender.send(next).is_err() || last {
                    return;
                }
            }
        });
        let stderr = thread::spawn(move || tail(stderr));
        Ok(Box::new(LocalRun { child, events, stderr, oom_kills }))
    }
}

struct LocalRun {
    child: Child,
    events: Receiver<std::result::Result<Option<Envelope>, DecodeError>>,
    stderr: JoinHandle<String>,
    oom_kills: Option<u64>,
}

impl AgentRun for LocalRun {
    fn next(&mut self, wait: Duration) -> NextEvent {
        match self.events.recv_timeout(wait) {
            Ok(Ok(Some(envelope))) => NextEvent::Event(Box::new(envelope)),
            Ok(Ok(None) | Err(DecodeError::Torn { .. })) | Err(RecvTimeoutError::Disconnected) => {
                NextEvent::Ended
            }
            Ok(Err(error)) => NextEvent::Invalid(error),
            Err(RecvTimeoutError::Timeout) => NextEvent::Timeout,
        }
    }

    fn stop(&mut self) {
        let Some(pid) = rustix::process::Pid::from_raw(self.child.id().cast_signed()) else { return };
        let deadline = Instant::now() + STOP_TIMEOUT;
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        while Instant::now() < deadline {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
    }

    fn finish(mut self: Box<Self>) -> Exit {
        let status = self.child.wait().ok();
        Exit {
            code: status.and_then(|status| status.code()),
            signal: status.and_then(|status| status.signal()),
            stderr: self.stderr.join().unwrap_or_default(),
            oom_kill_seen: self.oom_kills < oom_kills(),
            ..Exit::default()
        }
    }
}

/// Out-of-memory kills that the kernel has counted, machine-wide (Linux 4.13+).
fn oom_kills() -> Option<u64> {
    let vmstat = fs::read_to_string("/proc/vmstat").ok()?;
    vmstat.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}
