//! Ends the agent when an engine does not return: a call into it cannot be cancelled, but
//! the process can be ended. On a phone nobody else is there to do so.
//!
//! The host is told first: that the model did not load, or that the trial timed out. It
//! then starts another agent for the rest.

use super::helper_threads::{self, Priority};
use crate::host::output::Output;
use rustix::process::{Signal, getpid, kill_process};
use slm_protocol::{CpuList, Event, Failure, TrialReport};
use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Engines abort a trial themselves at its time-out, but only between steps: a step may
/// take so much longer. Less than what the host allows.
const TRIAL_GRACE: Duration = Duration::from_secs(20);
/// How long the engine may take to shut down after the last event.
const END_GRACE: Duration = Duration::from_secs(5);

/// Watches over one activity at a time.
#[derive(Clone)]
pub(crate) struct Watchdog(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// What is watched, and until when; `None`: nothing.
type State = Option<(Activity, Instant)>;

enum Activity {
    /// With its time-out, milliseconds.
    Load(u64),
    Trial {
        trial_id: String,
        started_unix_ns: u64,
        timeout_ms: u64,
    },
    Shutdown,
}

impl Watchdog {
    /// Starts the thread.
    pub(crate) fn start(output: &Output, cpus: Option<CpuList>) -> io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::new(None), changed: Condvar::new() });
        let (watching, output) = (Arc::clone(&shared), output.clone());
        helper_threads::spawn("watchdog", cpus, Priority::Usual, move || watching.watch(&output))?;
        Ok(Self(shared))
    }

    /// The engine loads a model. Milliseconds; 0: without a limit.
    pub(crate) fn load(&self, timeout_ms: u64) {
        if timeout_ms > 0 {
            self.set(Activity::Load(timeout_ms), Duration::from_millis(timeout_ms));
        }
    }

    /// A trial runs. `timeout_ms`: its time-out, milliseconds.
    pub(crate) fn trial(&self, trial_id: &str, started_unix_ns: u64, timeout_ms: u64) {
        let trial = Activity::Trial { trial_id: trial_id.to_owned(), started_unix_ns, timeout_ms };
        self.set(trial, Duration::from_millis(timeout_ms).saturating_add(TRIAL_GRACE));
    }

    /// The last event is written, and the engine shuts down.
    pub(crate) fn wait_for_exit(&self) {
        self.set(Activity::Shutdown, END_GRACE);
    }

    /// The engine returned: nothing is watched.
    pub(crate) fn stop(&self) {
        *self.0.lock() = None;
        self.0.changed.notify_one();
    }

    fn set(&self, activity: Activity, limit: Duration) {
        *self.0.lock() = Instant::now().checked_add(limit).map(|until| (activity, until));
        self.0.changed.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self, output: &Output) {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            state = match &*state {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some((_, until)) if *until > now => {
                    let left = *until - now;
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
                // The lock is kept: a result that comes now is too late.
                Some((activity, _)) => {
                    activity.report_timeout(output);
                    // An orderly exit would wait for the very engine that hangs.
                    let _ = kill_process(getpid(), Signal::KILL);
                    return;
                }
            };
        }
    }
}

impl Activity {
    /// Tells the host. Where that cannot be written, the host sees that the process ended.
    fn report_timeout(&self, output: &Output) {
        let failure = Failure::TimedOut;
        let _ = match self {
            Activity::Load(ms) => output.emit_last(Event::LoadFailed {
                failure,
                message: format!("the engine did not load within {ms} ms; the agent ended itself"),
            }),
            Activity::Trial { trial_id, started_unix_ns, timeout_ms } => {
                let message = format!(
                    "the engine did not return from the trial, {} s after its time-out of {timeout_ms} ms; the \
                     agent ended itself",
                    TRIAL_GRACE.as_secs()
                );
                let report = TrialReport::failed(trial_id, *started_unix_ns, failure, message);
                output.emit_last(Event::TrialFinished(Box::new(report)))
            }
            Activity::Shutdown => Ok(()),
        };
    }
}
