//! Requests to a phone that may be away for a while: repeated until it is back or
//! patience ends. Every script here may therefore run twice.

use super::scripts;
use crate::{Link, LinkError, Notice, Notify, Shell, ShellOutput, Silence};
use slm_plan::{error, variable};
use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// A restart of a phone takes a minute; longer than this nobody waits unasked.
const PATIENCE: Duration = Duration::from_mins(3);
/// A variable for those who want to wait longer, or less long.
const PATIENCE_VARIABLE: &str = "SLM_PHONE_PATIENCE";
/// A phone that works gives a sign of life each second; one that is busy may be late.
const SILENCE: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long a phone that is away is waited for.
pub(super) fn patience() -> error::Result<Duration> {
    variable::duration(PATIENCE_VARIABLE).map(|asked| asked.unwrap_or(PATIENCE))
}

/// Times between attempts, doubling.
#[derive(Clone, Debug)]
pub(super) struct BackOff {
    since: Instant,
    pause: Duration,
    patience: Duration,
}

impl BackOff {
    /// The next pause; `None` when patience is at its end.
    pub(super) fn next(&mut self) -> Option<Duration> {
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        (self.since.elapsed() + pause < self.patience).then_some(pause)
    }
}

/// A phone within reach, most of the time.
#[derive(Clone)]
pub(super) struct Reach {
    link: Arc<dyn Link>,
    name: String,
    notify: Notify,
    patience: Duration,
}

impl Reach {
    pub(super) fn new(link: Arc<dyn Link>, name: &str, notify: Notify) -> Self {
        Self { link, name: name.to_owned(), notify, patience: PATIENCE }
    }

    /// With another patience, for what is not worth waiting for.
    pub(super) fn patient_for(&self, patience: Duration) -> Self {
        Self { patience, ..self.clone() }
    }

    pub(super) fn link(&self) -> &dyn Link {
        self.link.as_ref()
    }

    pub(super) fn serial(&self) -> &str {
        self.link.serial()
    }

    pub(super) fn back_off(&self) -> BackOff {
        BackOff { since: Instant::now(), pause: FIRST_PAUSE, patience: self.patience }
    }

    /// Tells the user something of this phone.
    pub(super) fn tell(&self, notice: Notice<'_>) {
        (self.notify)(&self.name, notice);
    }

    /// Tells the user that the phone is away.
    pub(super) fn tell_away(&self, error: &LinkError) {
        self.tell(Notice::Away { error: error.to_string(), patience: self.patience });
    }

    /// Tells the user that the phone answers and its agent does not.
    pub(super) fn tell_silent(&self, silence: &Silence) {
        self.tell(Notice::AgentSilent { lasts: silence.lasts, state: &silence.state });
    }

    /// Repeats a request until it succeeds, cannot succeed, or patience ends.
    pub(super) fn retrying<T>(
        &self,
        mut request: impl FnMut(&dyn Link) -> Result<T, LinkError>,
    ) -> Result<T, LinkError> {
        let mut back_off = self.back_off();
        let mut told = false;
        loop {
            let error = match request(self.link()) {
                Err(error) if error.can_retry() => error,
                result => return result,
            };
            let Some(pause) = back_off.next() else { return Err(error) };
            if !std::mem::replace(&mut told, true) {
                self.tell_away(&error);
            }
            thread::sleep(pause);
            self.link().mend();
        }
    }

    /// Runs a script, whatever its exit status.
    pub(super) fn run(&self, script: &str, timeout: Duration) -> Result<ShellOutput, LinkError> {
        self.retrying(|link| link.run(script, timeout))
    }

    /// Runs a script that computes for a while, with signs of life meanwhile. A time-out would
    /// not tell a slow phone from a frozen one, and what it has begun goes on when it is
    /// begun once more, so that it would only become slower.
    pub(super) fn working(&self, script: &str, at_most: Duration) -> Result<ShellOutput, LinkError> {
        let script = scripts::with_signs_of_life(script, at_most);
        self.retrying(|link| link.run_while_heard(&script, SILENCE))
    }

    /// Runs a script that must succeed, and gives what it printed.
    pub(super) fn ok(&self, script: &str, timeout: Duration) -> Result<String, LinkError> {
        let output = self.run(script, timeout)?;
        succeeded(self.serial(), &output)
    }
}

impl Shell for Reach {
    fn run(&self, script: &str, timeout: Duration) -> Result<ShellOutput, LinkError> {
        Reach::run(self, script, timeout)
    }
}

/// What a command printed, if its exit status is 0.
pub(super) fn succeeded(serial: &str, output: &ShellOutput) -> Result<String, LinkError> {
    if output.code == 0 {
        return Ok(output.text());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let words = words.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing was said").trim();
    if words.contains("No space left") {
        return Err(LinkError::NoSpace { serial: serial.to_owned(), needed: 0, free: 0 });
    }
    let why = format!("a command ended with status {}: {words}", output.code);
    Err(LinkError::Refused { serial: serial.to_owned(), why })
}
