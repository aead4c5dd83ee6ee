//! Finds the number of threads with which decoding is fastest, by trying.
//!
//! On phones with cores of several kinds neither all cores nor the fast ones alone are
//! a safe guess. Each count runs decode steps in the very context of the trials;
//! the median step is the figure, so that one disturbed step does not decide.

use super::clock;
use crate::engine::{Session, StepError};
use slm_protocol::{Calibration, CalibrationStep};
use std::time::{Duration, Instant};

/// Time for one count, unless the fewest steps take longer.
const BUDGET: Duration = Duration::from_millis(250);
const STEPS: std::ops::RangeInclusive<usize> = 5..=48;
/// Tokens in the context before the first step.
const PROMPT: usize = 8;
/// A count's step must take at most this share of a smaller count's step. Otherwise it is
/// not worth its heat.
const WORTHWHILE: f64 = 0.98;

/// Tries counts up to `cores`; the last one set is the one chosen. `n_ctx` bounds the steps.
pub(crate) fn choose(session: &mut dyn Session, cores: u32, n_ctx: u32) -> Result<Calibration, StepError> {
    let start = clock::now_ns();
    let room = (n_ctx as usize).saturating_sub(PROMPT + 2);
    let mut steps = Vec::new();
    for threads in candidates(cores) {
        session.set_threads(threads)?;
        steps.push(measure(session, threads, room)?);
    }
    let threads =
        fastest(&steps).ok_or_else(|| StepError::Unsupported("no thread count to try".to_owned()))?;
    session.set_threads(threads)?;
    // Brings the new threads into use, so that no trial pays for the change.
    session.prefill(&[1])?;
    session.reset();
    Ok(Calibration { steps, threads, took_ns: clock::now_ns() - start })
}

/// Every count up to 12, beyond that ever larger ones, and the last.
fn candidates(cores: u32) -> Vec<u32> {
    let mut counts: Vec<u32> = (1..=cores.clamp(1, 12)).collect();
    while let Some(&last) = counts.last()
        && last < cores
    {
        counts.push((last + last / 3).min(cores));
    }
    counts
}

fn measure(session: &mut dyn Session, threads: u32, room: usize) -> Result<CalibrationStep, StepError> {
    session.reset();
    session.prefill(&[1; PROMPT])?;
    // The first step wakes the threads up.
    let token = session.sample()?.token;
    session.decode(token)?;
    let start = Instant::now();
    let mut times = Vec::with_capacity(*STEPS.end());
    while times.len() < room.min(*STEPS.end()) && (times.len() < *STEPS.start() || start.elapsed() < BUDGET) {
        let before = clock::now_ns();
        session.decode(token)?;
        times.push(clock::now_ns() - before);
    }
    times.sort_unstable();
    let steps = u32::try_from(times.len()).unwrap_or(u32::MAX);
    Ok(CalibrationStep { threads, steps, median_ns: times.get(times.len() / 2).copied().unwrap_or(u64::MAX) })
}

/// The smallest count that no other beats by enough.
fn fastest(steps: &[CalibrationStep]) -> Option<u32> {
    let mut best: Option<&CalibrationStep> = None;
    for step in steps {
        if best.is_none_or(|best| (step.median_ns as f64) < WORTHWHILE * best.median_ns as f64) {
            best = Some(step);
        }
    }
    best.map(|step| step.threads)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(threads: u32, median_ns: u64) -> CalibrationStep {
        CalibrationStep { threads, steps: 9, median_ns }
    }

    #[test]
    fn the_fastest_count_wins_and_a_tie_goes_to_fewer_threads() {
        let phone = [step(1, 90), step(2, 52), step(3, 40), step(4, 33), step(5, 41), step(6, 60)];
        assert_eq!(fastest(&phone), Some(4));
        assert_eq!(fastest(&[step(1, 1000), step(2, 990), step(3, 985)]), Some(1));
        assert_eq!(fastest(&[]), None);
    }

    #[test]
    fn every_count_of_a_phone_is_tried_and_a_server_does_not_take_minutes() {
        assert_eq!(candidates(8), [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(candidates(0), [1]);
        let many = candidates(256);
        assert!(many.len() < 25 && many.is_sorted() && many.last() == Some(&256), "{many:?}");
    }
}
