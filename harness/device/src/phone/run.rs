//! A run that goes on by itself on the phone. The host polls its journal, each time from
//! where it stopped reading, with shell commands that take seconds: a lost link costs time
//! and no events.

use super::{
    evidence::{self, EndedRun},
    journal::Journal,
    retrying_link::{Backoff, RetryingLink, stdout_if_ok},
    scripts::{self, Mark},
    timeouts::{COMMAND_TIMEOUT, SHORT_PATIENCE},
    unresponsive::ResponseTracker,
};
use crate::{
    AgentRun, LinkError, NextEvent, Unresponsive, death,
    death::{Clue, DeadAgent},
    quote,
};
use slm_protocol::{AgentFacts, Event};
use slm_provision::local_agent::Exit;
use std::{
    thread,
    time::{Duration, Instant},
};

/// How often the journal is polled. Each poll starts a shell on the phone.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// For the answer to a poll. After a time-out the next poll gets longer, since the phone may
/// only be busy.
const POLL_TIMEOUT: Duration = Duration::from_secs(5);
const LONGEST_POLL_TIMEOUT: Duration = Duration::from_secs(20);
/// After this long without new bytes, a poll also checks whether the run is alive.
const QUIET_BEFORE_CHECK: Duration = Duration::from_secs(3);
/// How long the supervisor may take to start.
const SUPERVISOR_START_TIMEOUT: Duration = Duration::from_secs(20);
/// Read by one poll of a journal that has grown long, bytes.
const CHUNK_BYTES: u64 = 4 << 20;
/// How much of the agent's standard error is kept, bytes.
const STDERR_KEPT: usize = 8 << 10;

/// A detached run.
pub(super) struct PhoneRun {
    link: RetryingLink,
    folder: String,
    soc: Option<String>,
    /// When the agent started, by its own account.
    started_unix_ns: Option<u64>,
    journal: Journal,
    /// Whether the journal may have more than the last poll read.
    more_to_read: bool,
    next_poll: Instant,
    last_check: Instant,
    responses: ResponseTracker,
    /// When this struct was created; the supervisor may not have started by then.
    created: Instant,
    unreachable: Option<Backoff>,
    poll_timeout: Duration,
    lost: Option<LinkError>,
    ended: bool,
    /// Its supervisor never began.
    never_started: bool,
}

impl PhoneRun {
    pub(super) fn new(link: RetryingLink, folder: String, soc: Option<String>) -> Self {
        let now = Instant::now();
        Self {
            link,
            folder,
            soc,
            started_unix_ns: None,
            journal: Journal::default(),
            more_to_read: true,
            next_poll: now,
            last_check: now,
            responses: ResponseTracker::new(),
            created: now,
            unreachable: None,
            poll_timeout: POLL_TIMEOUT,
            lost: None,
            ended: false,
            never_started: false,
        }
    }

    /// Reads what is new in the journal, and whether the run has ended.
    fn poll(&mut self) -> Result<(), LinkError> {
        let check_alive = self.last_check.elapsed() > QUIET_BEFORE_CHECK;
        let limit = self.more_to_read.then_some(CHUNK_BYTES);
        let script = scripts::poll(&self.folder, self.journal.offset(), limit, check_alive);
        let output = self.link.inner().run(&script, self.poll_timeout)?;
        stdout_if_ok(self.link.serial(), &output)?;
        let (state, bytes) = split(&output.stdout);
        self.journal.feed(bytes);
        self.more_to_read = limit == Some(bytes.len() as u64);
        if !bytes.is_empty() {
            self.last_check = Instant::now();
            self.responses.reset();
            return Ok(());
        }
        let state = String::from_utf8_lossy(state);
        let has = |word: &str| state.split_whitespace().any(|known| known == word);
        let exited = state
            .split_whitespace()
            .any(|word| word.strip_prefix("exit=").is_some_and(|code| !code.is_empty()));
        self.never_started = has("alive=starting") && self.created.elapsed() > SUPERVISOR_START_TIMEOUT;
        if self.never_started {
            // Nor may it begin when nobody follows it any more.
            self.link.inner().run(&scripts::stop(&self.folder, Mark::None), LONGEST_POLL_TIMEOUT)?;
        }
        self.ended = exited || has("gone") || has("alive=no") || self.never_started;
        if check_alive {
            // Checked again after the same time.
            self.last_check = Instant::now();
            let process_state = state.split_once("state=").map_or("", |(_, state)| state.trim());
            if let Some(unresponsive) = self.responses.no_output(process_state).filter(|_| has("alive=yes")) {
                self.link.notify_agent_unresponsive(unresponsive);
            }
        }
        Ok(())
    }

    /// Polls; if the phone cannot be reached, sets the time of the next attempt.
    fn poll_with_backoff(&mut self) {
        let error = match self.poll() {
            Ok(()) => {
                (self.unreachable, self.poll_timeout) = (None, POLL_TIMEOUT);
                self.next_poll =
                    Instant::now() + if self.more_to_read { Duration::ZERO } else { POLL_INTERVAL };
                return;
            }
            Err(error) => error,
        };
        self.responses.reset();
        if self.unreachable.is_none() && error.can_retry() {
            self.link.notify_unreachable(&error);
        }
        if matches!(error, LinkError::TimedOut { .. }) {
            self.poll_timeout = (self.poll_timeout * 2).min(LONGEST_POLL_TIMEOUT);
        }
        let backoff = self.unreachable.get_or_insert_with(|| self.link.backoff());
        match backoff.next().filter(|_| error.can_retry()) {
            Some(pause) => {
                self.next_poll = Instant::now() + pause;
                self.link.inner().reconnect();
            }
            None => self.lost = Some(error),
        }
    }

    /// What the phone's log says of an end that the exit status does not explain; `None` also
    /// for a log that cannot be read.
    fn investigate(&self, ended: &EndedRun) -> Option<Clue> {
        let pid = ended.pid.filter(|_| ended.is_unclear())?;
        let since_unix_s = self.started_unix_ns.map(|ns| ns as f64 / 1e9);
        let agent = DeadAgent { pid, since_unix_s, oom_kills_before: None };
        death::investigate(self.link.inner(), &agent).ok().flatten()
    }

    /// The next event of those already read.
    fn next_read(&mut self) -> Option<NextEvent> {
        match self.journal.next()? {
            Ok(mut envelope) => {
                if let Event::Hello(facts) = &mut envelope.event {
                    self.started_unix_ns = Some(facts.started_unix_ns);
                    set_soc_name(facts, self.soc.as_deref());
                }
                Some(NextEvent::Event(Box::new(envelope)))
            }
            Err(error) => Some(NextEvent::Invalid(error)),
        }
    }
}

/// Sets the SoC's name: a phone's kernel does not know it, its properties do.
pub(super) fn set_soc_name(facts: &mut AgentFacts, soc: Option<&str>) {
    if let Some(soc) = soc {
        soc.clone_into(&mut facts.machine.cpu);
    }
}

/// The first line, and what follows it.
fn split(printed: &[u8]) -> (&[u8], &[u8]) {
    match printed.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&printed[..end], &printed[end + 1..]),
        None => (printed, &[]),
    }
}

impl AgentRun for PhoneRun {
    fn next(&mut self, wait: Duration) -> NextEvent {
        let deadline = Instant::now() + wait;
        loop {
            if let Some(next) = self.next_read() {
                return next;
            }
            if self.ended || self.lost.is_some() {
                return NextEvent::Ended;
            }
            let now = Instant::now();
            if now >= self.next_poll {
                self.poll_with_backoff();
            } else if now >= deadline {
                return if self.unreachable.is_some() { NextEvent::Unreachable } else { NextEvent::Timeout };
            } else {
                thread::sleep(self.next_poll.min(deadline) - now);
            }
        }
    }

    fn unresponsive(&self) -> Option<&Unresponsive> {
        self.responses.current()
    }

    fn stop(&mut self) {
        // On a phone that cannot be reached the run goes on; a resumed sweep finds it.
        let script = scripts::stop(&self.folder, Mark::Stopped);
        let stopped = self.link.with_patience(SHORT_PATIENCE).run(&script, LONGEST_POLL_TIMEOUT);
        if let Err(error) = stopped {
            self.lost.get_or_insert(error);
        }
    }

    fn finish(self: Box<Self>) -> Exit {
        let unreachable =
            |error: &LinkError| Exit { lost: Some(error.to_string()), is_gone: true, ..Exit::default() };
        if let Some(error) = &self.lost {
            return unreachable(error);
        }
        let script = scripts::evidence(&self.folder, STDERR_KEPT);
        match self.link.run(&script, COMMAND_TIMEOUT) {
            Err(error) => unreachable(&error),
            Ok(output) => {
                let ended = evidence::read(&output.text());
                let clue = self.investigate(&ended);
                let mut exit = ended.with_log_clue(clue);
                exit.notes.extend(self.responses.evidence());
                if self.never_started {
                    exit.notes.push("its shell on the phone never began".to_owned());
                }
                // Everything in it has been recorded.
                let _ = self.link.run(&format!("rm -rf {}", quote(&self.folder)), COMMAND_TIMEOUT);
                exit
            }
        }
    }
}
