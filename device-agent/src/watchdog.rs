//! Ends the agent when an engine does not come back: a call into it cannot be taken
//! back, but the process can be ended. On a phone nobody else is there to do so.
//!
//! What the host must know is told first, as a model that did not load or a trial that
//! timed out; it then starts another agent for what is left.

use crate::{
    helpers::{self, Priority},
    output::Output,
};
use rustix::process::{Signal, getpid, kill_process};
use slm_protocol::{
    Contention, CpuList, Event, Failure, MemoryReading, Timestamps, TrialOutcome, TrialReport,
};
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Engines abort a trial themselves when its time is over; a step that goes on may
/// take so much longer. Less than what the host allows.
const TRIAL_GRACE: Duration = Duration::from_secs(20);
/// How long the engine may take to go when all is told.
const END_GRACE: Duration = Duration::from_secs(5);

/// Watches over one thing at a time.
#[derive(Clone)]
pub(crate) struct Watchdog(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// What is watched, and until when; `None`: nothing.
type State = Option<(Watched, Instant)>;

enum Watched {
    /// It may take so many milliseconds.
    Load(u64),
    Trial {
        trial_id: String,
        started_unix_ns: u64,
        timeout_ms: u64,
    },
    End,
}

impl Watchdog {
    /// Starts the thread.
    pub(crate) fn start(output: &Output, cpus: Option<CpuList>) -> io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::new(None), changed: Condvar::new() });
        let (watching, output) = (Arc::clone(&shared), output.clone());
        helpers::spawn("watchdog", cpus, Priority::Usual, move || watching.watch(&output))?;
        Ok(Self(shared))
    }

    /// The engine loads; 0: however long it takes.
    pub(crate) fn load(&self, timeout_ms: u64) {
        if timeout_ms > 0 {
            self.set(Watched::Load(timeout_ms), Duration::from_millis(timeout_ms));
        }
    }

    /// A trial runs.
    pub(crate) fn trial(&self, trial_id: &str, started_unix_ns: u64, timeout_ms: u64) {
        let trial = Watched::Trial { trial_id: trial_id.to_owned(), started_unix_ns, timeout_ms };
        self.set(trial, Duration::from_millis(timeout_ms).saturating_add(TRIAL_GRACE));
    }

    /// All is told, and the engine goes.
    pub(crate) fn end(&self) {
        self.set(Watched::End, END_GRACE);
    }

    /// It came back.
    pub(crate) fn rest(&self) {
        *self.0.lock() = None;
        self.0.changed.notify_one();
    }

    fn set(&self, watched: Watched, limit: Duration) {
        *self.0.lock() = Instant::now().checked_add(limit).map(|until| (watched, until));
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
                // The lock is kept: whatever comes back now is too late.
                Some((watched, _)) => {
                    watched.tell(output);
                    // An orderly exit would wait for the very engine that hangs.
                    let _ = kill_process(getpid(), Signal::KILL);
                    return;
                }
            };
        }
    }
}

impl Watched {
    /// What the host must know. Where it cannot be written, it sees the process's end.
    fn tell(&self, output: &Output) {
        let failure = Failure::TimedOut;
        let _ = match self {
            Watched::Load(ms) => output.emit_last(Event::LoadFailed {
                failure,
                message: format!("the engine did not load within {ms} ms; the agent ended itself"),
            }),
            Watched::Trial { trial_id, started_unix_ns, timeout_ms } => {
                let message = format!(
                    "the engine did not come back from the trial, {} s after its time-out of {timeout_ms} ms; the \
                     agent ended itself",
                    TRIAL_GRACE.as_secs()
                );
                let report =
                    unfinished(trial_id, *started_unix_ns, TrialOutcome::Failed { failure, message });
                output.emit_last(Event::TrialFinished(Box::new(report)))
            }
            Watched::End => Ok(()),
        };
    }
}

/// A trial of which nothing is known but how it ended.
fn unfinished(trial_id: &str, started_unix_ns: u64, outcome: TrialOutcome) -> TrialReport {
    TrialReport {
        trial_id: trial_id.to_owned(),
        started_unix_ns,
        outcome,
        n_in: None,
        n_evaluated: None,
        times: Timestamps::default(),
        output: None,
        engine_figures: BTreeMap::new(),
        rss_peak: None,
        rss_after_prefill: None,
        after_prefill: None,
        at_end: MemoryReading::default(),
        contention: Contention::default(),
    }
}
