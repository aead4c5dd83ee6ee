//! Requests to a phone that may be unreachable for a while: repeated until it answers, or
//! for as long as the user waits. A script may therefore run twice.

use super::{scripts, timeouts::SHORT_PATIENCE};
use crate::{Link, LinkError, Notice, Notify, Shell, ShellOutput, Unresponsive};
use slm_plan::{error, interrupt::Interrupt, variable};
use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// A restart of a phone takes a minute.
const PATIENCE: Duration = Duration::from_mins(3);
/// The variable that sets another time.
const PATIENCE_VARIABLE: &str = "SLM_PHONE_PATIENCE";
/// A long command prints a heartbeat each second; on a busy phone it may be late.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(30);
/// A full disk is waited for no longer: updates and caches come and go within seconds.
const SPACE_PATIENCE: Duration = Duration::from_mins(1);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often a pause looks whether the user asked to stop.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// How long an unreachable phone is retried.
pub(super) fn patience() -> error::Result<Duration> {
    variable::duration(PATIENCE_VARIABLE).map(|asked| asked.unwrap_or(PATIENCE))
}

/// Pauses between attempts, each twice as long as the one before.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    since: Instant,
    pause: Duration,
    patience: Duration,
    interrupt: Interrupt,
    /// The patience once the user has asked to stop.
    when_interrupted: Duration,
}

impl Backoff {
    /// The next pause; `None` when the time for retries is over.
    pub(super) fn next(&mut self) -> Option<Duration> {
        let (lasts, pause) = (self.lasts(), self.pause);
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        lasts.then_some(pause)
    }

    /// Whether there is time for another attempt.
    fn lasts(&self) -> bool {
        self.since.elapsed() + self.pause < self.patience()
    }

    /// Sleeps until the next attempt; false when the time for retries is over.
    fn wait(&mut self) -> bool {
        let Some(pause) = self.next() else { return false };
        let until = Instant::now() + pause;
        while self.since.elapsed() < self.patience() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            thread::sleep(left.min(LOOK_INTERVAL));
        }
        false
    }

    fn patience(&self) -> Duration {
        if self.interrupt.is_set() { self.patience.min(self.when_interrupted) } else { self.patience }
    }
}

/// A link that retries requests while the phone cannot be reached.
#[derive(Clone)]
pub(super) struct RetryingLink {
    link: Arc<dyn Link>,
    name: String,
    notify: Notify,
    patience: Duration,
    interrupt: Interrupt,
}

impl RetryingLink {
    pub(super) fn new(link: Arc<dyn Link>, name: &str, notify: Notify) -> Self {
        Self { link, name: name.to_owned(), notify, patience: PATIENCE, interrupt: Interrupt::default() }
    }

    /// The same link for a user who may ask to stop: then what is retried or waited for ends
    /// within seconds.
    pub(super) fn with_interrupt(&self, interrupt: &Interrupt) -> Self {
        Self { interrupt: interrupt.clone(), ..self.clone() }
    }

    /// The same link with another time for retries.
    pub(super) fn with_patience(&self, patience: Duration) -> Self {
        Self { patience, ..self.clone() }
    }

    /// The link itself, which does not retry.
    pub(super) fn inner(&self) -> &dyn Link {
        self.link.as_ref()
    }

    pub(super) fn serial(&self) -> &str {
        self.link.serial()
    }

    pub(super) fn backoff(&self) -> Backoff {
        let (patience, interrupt) = (self.patience, self.interrupt.clone());
        // A run is ended even where the link is bad for a moment.
        let when_interrupted = SHORT_PATIENCE;
        Backoff { since: Instant::now(), pause: FIRST_PAUSE, patience, interrupt, when_interrupted }
    }

    /// Passes a notice about this phone to the user.
    pub(super) fn notify(&self, notice: Notice<'_>) {
        (self.notify)(&self.name, notice);
    }

    /// Tells the user that the phone cannot be reached.
    pub(super) fn notify_unreachable(&self, error: &LinkError) {
        self.notify(Notice::Unreachable { error: error.to_string(), patience: self.patience });
    }

    /// Tells the user that the phone answers and its agent does not.
    pub(super) fn notify_agent_unresponsive(&self, Unresponsive { duration, process_state }: &Unresponsive) {
        self.notify(Notice::AgentUnresponsive { duration: *duration, process_state });
    }

    /// Repeats a request until it succeeds, cannot succeed, or the time for retries is over.
    pub(super) fn retrying<T>(
        &self,
        mut request: impl FnMut(&dyn Link) -> Result<T, LinkError>,
    ) -> Result<T, LinkError> {
        let mut backoff = self.backoff();
        let mut notified = false;
        loop {
            let error = match request(self.inner()) {
                Err(error) if error.can_retry() => error,
                result => return result,
            };
            if !std::mem::replace(&mut notified, true) && backoff.lasts() {
                self.notify_unreachable(&error);
            }
            if !backoff.wait() {
                return Err(error);
            }
            self.inner().reconnect();
        }
    }

    /// How long space is waited for on a full disk.
    pub(super) fn space_patience(&self) -> Duration {
        self.patience.min(SPACE_PATIENCE)
    }

    /// Repeats what found the disk full, for as long as space is waited for. What it repeats must
    /// not wait for space itself.
    pub(super) fn waiting_for_space<T>(
        &self,
        mut request: impl FnMut() -> Result<T, LinkError>,
    ) -> Result<T, LinkError> {
        let mut backoff =
            Backoff { patience: self.space_patience(), when_interrupted: Duration::ZERO, ..self.backoff() };
        let mut notified = false;
        loop {
            let error = match request() {
                Err(error @ LinkError::NoSpace { .. }) => error,
                result => return result,
            };
            if !std::mem::replace(&mut notified, true) && backoff.lasts() {
                let (error, patience) = (error.to_string(), self.space_patience());
                self.notify(Notice::DiskFull { error, patience });
            }
            if !backoff.wait() {
                return Err(error);
            }
        }
    }

    /// Runs a script, whatever its exit status.
    pub(super) fn run(&self, script: &str, timeout: Duration) -> Result<ShellOutput, LinkError> {
        self.retrying(|link| link.run(script, timeout))
    }

    /// Runs a script that computes for a while, with a heartbeat. A time-out for the whole
    /// would not tell a slow phone from a frozen one; and since the script goes on when its
    /// link is dropped, a retry would run beside it and make the phone slower still.
    pub(super) fn run_long(&self, script: &str, at_most: Duration) -> Result<ShellOutput, LinkError> {
        let script = scripts::with_heartbeat(script, at_most);
        self.retrying(|link| link.run_with_idle_timeout(&script, HEARTBEAT_TIMEOUT))
    }

    /// Runs a script that must succeed, and gives its standard output.
    pub(super) fn run_checked(&self, script: &str, timeout: Duration) -> Result<String, LinkError> {
        let output = self.run(script, timeout)?;
        stdout_if_ok(self.serial(), &output)
    }
}

impl Shell for RetryingLink {
    fn run(&self, script: &str, timeout: Duration) -> Result<ShellOutput, LinkError> {
        RetryingLink::run(self, script, timeout)
    }
}

/// A command's standard output, if its exit status is 0.
pub(super) fn stdout_if_ok(serial: &str, output: &ShellOutput) -> Result<String, LinkError> {
    if output.code == 0 {
        return Ok(output.text());
    }
    let words = last_line(&output.stderr);
    if words.contains("No space left") {
        return Err(LinkError::NoSpace { serial: serial.to_owned(), needed: None, free: None });
    }
    let why = format!("a command ended with status {}: {words}", output.code);
    Err(LinkError::Refused { serial: serial.to_owned(), why })
}

/// The last line of a standard error that is not empty.
pub(super) fn last_line(stderr: &[u8]) -> String {
    let words = String::from_utf8_lossy(stderr);
    let line = words.lines().rev().map(str::trim).find(|line| !line.is_empty());
    line.unwrap_or("it printed no error").to_owned()
}
