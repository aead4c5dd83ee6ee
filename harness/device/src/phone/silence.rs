//! An agent that says nothing. It beats once a second, so silence while its phone
//! answers means that it is stopped, or gets no time on any core.

use crate::Silence;
use slm_plan::text::seconds;
use std::time::{Duration, Instant};

/// Silence from which an agent counts as frozen.
const FROZEN_AFTER: Duration = Duration::from_secs(5);

/// When an agent was heard of.
pub(super) struct Hearing {
    since: Instant,
    /// The silence that goes on, once it is long.
    silence: Option<Silence>,
    longest: Option<Silence>,
}

impl Hearing {
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), silence: None, longest: None }
    }

    /// It said something, or nothing could be heard: the phone itself was away.
    pub(super) fn begin_anew(&mut self) {
        self.since = Instant::now();
        self.silence = None;
    }

    /// It is alive and said nothing. The silence is given once, when it has become long.
    /// `state` is the process's, as the kernel has it: `T (stopped)`.
    pub(super) fn nothing(&mut self, state: &str) -> Option<&Silence> {
        let lasts = self.since.elapsed();
        if lasts <= FROZEN_AFTER {
            return None;
        }
        let is_new = self.silence.is_none();
        let silence = Silence { lasts, state: state.to_owned() };
        if self.longest.as_ref().is_none_or(|longest| longest.lasts < lasts) {
            self.longest = Some(silence.clone());
        }
        self.silence = Some(silence);
        self.silence.as_ref().filter(|_| is_new)
    }

    /// The silence that goes on.
    pub(super) fn silence(&self) -> Option<&Silence> {
        self.silence.as_ref()
    }

    /// For the evidence of a death: the longest silence there was.
    pub(super) fn account(&self) -> Option<String> {
        let longest = self.longest.as_ref()?;
        let (lasts, state) = (seconds(longest.lasts.as_secs_f64()), &longest.state);
        Some(format!("it had been silent for {lasts} while the phone answered (process state {state})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_told_once_and_kept_as_evidence() {
        let mut hearing = Hearing::new();
        assert!(hearing.nothing("S (sleeping)").is_none() && hearing.account().is_none());
        hearing.since = Instant::now().checked_sub(Duration::from_secs(6)).unwrap();
        assert_eq!(hearing.nothing("T (stopped)").unwrap().state, "T (stopped)");
        assert!(hearing.nothing("T (stopped)").is_none() && hearing.silence().is_some());
        hearing.begin_anew();
        assert!(hearing.silence().is_none());
        assert!(hearing.account().unwrap().contains("(process state T (stopped))"));
    }
}
