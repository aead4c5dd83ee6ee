//! One trial: the loop in which everything is measured.
//!
//! Request (text in hand), tokenized, prefill, first sample, then decode and sample
//! for every further token; the clock is read between the steps. Nothing in there
//! allocates or writes but a sign of life every 250 ms. The time of the last token
//! less that of the request is the runtime, with nothing left out.
//!
//! An end token is sampled, but is not output: it is not counted in `tokens_ns` and
//! `n_out`, and the time it took lies between the last token and `end_ns`.

use super::{clock, memory::Memory};
use crate::{
    engine::{Sampled, Session, StepError, Vocabulary},
    host::signals,
    prepare::{Prepared, tokens_sha256},
};
use slm_protocol::{
    Contention, Failure, Figure, Generation, MemoryReading, Output, Progress, StopReason, StopRule,
    Timestamps, TrialOutcome, TrialReport,
};
use std::time::{Duration, Instant};

/// How often a running trial shows a sign of life.
const PROGRESS_EVERY_NS: u64 = 250_000_000;

/// What one trial needs.
pub(crate) struct Trial<'a> {
    pub(crate) prompt: &'a Prepared,
    pub(crate) generation: &'a Generation,
    pub(crate) timeout: Duration,
    pub(crate) warmup: bool,
}

/// What one trial gave, without what is read around it.
pub(crate) struct Measured {
    pub(crate) outcome: TrialOutcome,
    pub(crate) n_in: Option<u32>,
    pub(crate) n_evaluated: Option<u32>,
    pub(crate) times: Timestamps,
    pub(crate) elapsed_ns: Option<u64>,
    pub(crate) output: Option<Output>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) rss_after_prefill: Option<u64>,
    pub(crate) after_prefill: Option<MemoryReading>,
}

impl Measured {
    /// A trial that cannot run, and why.
    pub(crate) fn unsupported(reason: &str) -> Self {
        Self {
            outcome: TrialOutcome::Failed { failure: Failure::Unsupported, message: reason.to_owned() },
            n_in: None,
            n_evaluated: None,
            times: Timestamps::default(),
            elapsed_ns: None,
            output: None,
            figures: Vec::new(),
            rss_after_prefill: None,
            after_prefill: None,
        }
    }

    /// As a report, without what is read around the trial.
    pub(crate) fn report(self, trial_id: &str, started_unix_ns: u64) -> TrialReport {
        TrialReport {
            trial_id: trial_id.to_owned(),
            started_unix_ns,
            outcome: self.outcome,
            n_in: self.n_in,
            n_evaluated: self.n_evaluated,
            times: self.times,
            elapsed_ns: self.elapsed_ns,
            output: self.output,
            figures: self.figures,
            rss_peak: None,
            rss_after_prefill: self.rss_after_prefill,
            after_prefill: self.after_prefill,
            at_end: MemoryReading::default(),
            contention: Contention::default(),
        }
    }
}

/// Why a trial is not reported at all.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A signal came: the host runs the trial again.
    Interrupted,
    /// The sign of life could not be written.
    Output(std::io::Error),
}

/// The state of the loop, so that what was measured survives a failing step.
struct Loop {
    times: Timestamps,
    tokens: Vec<i32>,
    n_in: Option<u32>,
    finite: bool,
    rss_after_prefill: Option<u64>,
    after_prefill: Option<MemoryReading>,
}

enum Break {
    Step(StepError),
    Output(std::io::Error),
}

impl From<StepError> for Break {
    fn from(error: StepError) -> Self {
        Break::Step(error)
    }
}

impl Trial<'_> {
    /// Runs the trial. `progress` is called now and then while tokens come.
    pub(crate) fn run(
        &self,
        vocabulary: &dyn Vocabulary,
        session: &mut dyn Session,
        memory: &Memory,
        mut progress: impl FnMut(Progress) -> std::io::Result<()>,
    ) -> Result<Measured, Stop> {
        let capacity = self.generation.max_new_tokens as usize;
        let mut state = Loop {
            times: Timestamps { tokens_ns: Vec::with_capacity(capacity), ..Timestamps::default() },
            tokens: Vec::with_capacity(capacity),
            n_in: None,
            finite: true,
            rss_after_prefill: None,
            after_prefill: None,
        };
        session.reset();
        session.set_deadline(Instant::now().checked_add(self.timeout));
        let begin = clock::boot_ns();
        let result = self.steps(vocabulary, session, memory, &mut progress, &mut state);
        let elapsed = clock::boot_ns().saturating_sub(begin);
        session.set_deadline(None);
        if signals::interrupted() {
            return Err(Stop::Interrupted);
        }
        let (outcome, stop) = match result {
            Ok(stop) => (TrialOutcome::Completed, stop),
            Err(Break::Output(error)) => return Err(Stop::Output(error)),
            Err(Break::Step(error)) => (self.failed(&error, &state), StopReason::Aborted),
        };
        Ok(Measured {
            outcome,
            n_in: state.n_in,
            n_evaluated: state.times.prefill_end_ns.and_then(|_| session.evaluated()),
            output: state.times.prefill_end_ns.map(|_| Output {
                n_out: u32::try_from(state.tokens.len()).unwrap_or(u32::MAX),
                stop,
                tokens_sha256: Some(tokens_sha256(&state.tokens)),
                text: vocabulary.detokenize(&state.tokens),
                logits_finite: Some(state.finite),
            }),
            figures: Vec::new(),
            times: state.times,
            elapsed_ns: Some(elapsed),
            rss_after_prefill: state.rss_after_prefill,
            after_prefill: state.after_prefill,
        })
    }

    /// The measured steps.
    fn steps(
        &self,
        vocabulary: &dyn Vocabulary,
        session: &mut dyn Session,
        memory: &Memory,
        progress: &mut impl FnMut(Progress) -> std::io::Result<()>,
        state: &mut Loop,
    ) -> Result<StopReason, Break> {
        let prompt = self.prompt;
        let natural = self.generation.stop == StopRule::Natural;
        state.times.request_ns = Some(clock::now_ns());
        let tokens = vocabulary.tokenize(&prompt.text, prompt.add_special, prompt.parse_special);
        state.times.tokenized_ns = Some(clock::now_ns());
        let n_in = u32::try_from(tokens.len()).unwrap_or(u32::MAX);
        state.n_in = Some(n_in);
        let prefill_start = clock::now_ns();
        state.times.prefill_start_ns = Some(prefill_start);
        session.prefill(&tokens)?;
        let prefill_end = clock::now_ns();
        state.times.prefill_end_ns = Some(prefill_end);
        // One read of an open file, a microsecond or two, within the time to first token.
        state.rss_after_prefill = memory.rss();
        if self.warmup {
            state.after_prefill = Some(memory.read());
        }
        let mut next_progress = prefill_end + PROGRESS_EVERY_NS;
        loop {
            let Sampled { token, finite } = session.sample()?;
            state.finite &= finite;
            if natural && vocabulary.is_end(token) {
                state.times.end_ns = Some(clock::now_ns());
                return Ok(StopReason::EndToken);
            }
            let now = clock::now_ns();
            state.times.tokens_ns.push(now);
            state.tokens.push(token);
            if state.tokens.len() >= self.generation.max_new_tokens as usize {
                state.times.end_ns = Some(now);
                return Ok(StopReason::Length);
            }
            if now >= next_progress {
                next_progress = now + PROGRESS_EVERY_NS;
                let first = state.times.tokens_ns.first().copied().unwrap_or(now);
                progress(Progress {
                    trial_id: String::new(),
                    n_out: u32::try_from(state.tokens.len()).unwrap_or(u32::MAX),
                    n_in,
                    prefill_ns: prefill_end - prefill_start,
                    decode_ns: now - first,
                })
                .map_err(Break::Output)?;
            }
            session.decode(token)?;
        }
    }

    /// A failed step as an outcome, with how far the trial had come.
    fn failed(&self, error: &StepError, state: &Loop) -> TrialOutcome {
        let reached = match (state.times.prefill_end_ns, state.tokens.len()) {
            (None, _) => "within the prompt".to_owned(),
            (Some(_), tokens) => format!("after {tokens} output tokens"),
        };
        self.outcome(error, &reached)
    }

    /// An error of the engine as an outcome. `reached`: where the trial was.
    pub(crate) fn outcome(&self, error: &StepError, reached: &str) -> TrialOutcome {
        let (failure, message) = match error {
            StepError::Aborted => (
                Failure::TimedOut,
                format!("the time-out of {} ms passed {reached}", self.timeout.as_millis()),
            ),
            StepError::OutOfMemory(_) => (Failure::OutOfMemory, error.to_string()),
            StepError::Unsupported(_) => (Failure::Unsupported, error.to_string()),
            StepError::Broken(_) => (Failure::Crashed, error.to_string()),
        };
        TrialOutcome::Failed { failure, message }
    }
}
