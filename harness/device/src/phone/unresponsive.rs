//! Whether an agent is responsive. It writes a heartbeat once a second, so no output
//! while its phone answers means that it is stopped, or gets no CPU time.

use crate::Unresponsive;
use slm_plan::text::seconds;
use std::time::{Duration, Instant};

/// Without output for this long, an agent counts as unresponsive.
const UNRESPONSIVE_AFTER: Duration = Duration::from_secs(5);

/// When an agent wrote last, and the longest time that it did not.
pub(super) struct ResponseTracker {
    last_output: Instant,
    /// The present period without output, once it is long.
    current: Option<Unresponsive>,
    longest: Option<Unresponsive>,
}

impl ResponseTracker {
    pub(super) fn new() -> Self {
        Self { last_output: Instant::now(), current: None, longest: None }
    }

    /// Starts counting anew: the agent wrote something, or the phone could not be reached.
    pub(super) fn reset(&mut self) {
        self.last_output = Instant::now();
        self.current = None;
    }

    /// The agent's process exists and wrote nothing; `process_state` is what the kernel says
    /// of it, such as `T (stopped)`. Gives the period once, when it has become long.
    pub(super) fn no_output(&mut self, process_state: &str) -> Option<&Unresponsive> {
        let duration = self.last_output.elapsed();
        if duration <= UNRESPONSIVE_AFTER {
            return None;
        }
        let is_new = self.current.is_none();
        let period = Unresponsive { duration, process_state: process_state.to_owned() };
        if self.longest.as_ref().is_none_or(|longest| longest.duration < duration) {
            self.longest = Some(period.clone());
        }
        self.current = Some(period);
        self.current.as_ref().filter(|_| is_new)
    }

    /// The present period without output, if it is long.
    pub(super) fn current(&self) -> Option<&Unresponsive> {
        self.current.as_ref()
    }

    /// The longest period, as part of the evidence of how the agent ended.
    pub(super) fn evidence(&self) -> Option<String> {
        let Unresponsive { duration, process_state } = self.longest.as_ref()?;
        let duration = seconds(duration.as_secs_f64());
        Some(format!(
            "it had been silent for {duration} while the phone answered (process state {process_state})"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_period_is_given_once_and_kept_as_evidence() {
        let mut tracker = ResponseTracker::new();
        assert!(tracker.no_output("S (sleeping)").is_none() && tracker.evidence().is_none());
        tracker.last_output = Instant::now().checked_sub(Duration::from_secs(6)).unwrap();
        assert_eq!(tracker.no_output("T (stopped)").unwrap().process_state, "T (stopped)");
        assert!(tracker.no_output("T (stopped)").is_none() && tracker.current().is_some());
        tracker.reset();
        assert!(tracker.current().is_none());
        assert!(tracker.evidence().unwrap().contains("(process state T (stopped))"));
    }
}
