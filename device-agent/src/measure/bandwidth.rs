//! How fast this machine reads memory: an upper bound on plausible decode rates,
//! since every step of a dense model reads all its weights.

use std::{
    hint::black_box,
    thread,
    time::{Duration, Instant},
};

/// Largest buffer; more would cost a phone memory that the model needs.
const MAX_BYTES: u64 = 256 << 20;
/// Reading is repeated for about this long.
const BUDGET: Duration = Duration::from_millis(80);
const MAX_PASSES: u32 = 12;

/// Timed piece by piece: one pass over megabytes is interrupted too easily on a
/// busy machine, and a bound that is too low would call honest figures impossible.
const PIECE_WORDS: usize = (2 << 20) / 8;

/// Bytes per second over a buffer of the model's size (at most 256 MiB and a quarter
/// of the available memory): the sum of what each of `threads` threads reached at its
/// best, while the others read too.
pub(crate) fn measure(model_bytes: u64, available_bytes: u64, threads: u32) -> Option<f64> {
    let threads = threads.clamp(1, 64) as usize;
    let bytes = model_bytes.clamp(1 << 20, MAX_BYTES).min((available_bytes / 4).max(1 << 20));
    let words = usize::try_from(bytes).ok()? / 8 / threads;
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| thread::Builder::new().spawn_scoped(scope, || best_rate(words)))
            .collect::<Result<_, _>>()
            .ok()?;
        workers.into_iter().map(|worker| worker.join().ok()?).sum()
    })
}

/// The best rate over any piece of a buffer of so many words, bytes per second.
fn best_rate(words: usize) -> Option<f64> {
    // Filled by the thread that reads it, which also makes the pages real.
    let part = vec![1u64; words];
    let start = Instant::now();
    let mut best: f64 = 0.0;
    for pass in 0..MAX_PASSES {
        if pass > 1 && start.elapsed() > BUDGET {
            break;
        }
        for piece in part.chunks(PIECE_WORDS) {
            let before = Instant::now();
            black_box(sum(piece));
            let seconds = before.elapsed().as_secs_f64();
            // The last piece may be too small to be timed.
            if seconds > 0.0 && (piece.len() == PIECE_WORDS || words < PIECE_WORDS) {
                best = best.max(size_of_val(piece) as f64 / seconds);
            }
        }
    }
    (best > 0.0).then_some(best)
}

/// Eight independent sums, so that the loop is bound by memory and not by latency.
fn sum(words: &[u64]) -> u64 {
    let mut lanes = [0u64; 8];
    for chunk in words.chunks_exact(8) {
        for (lane, word) in lanes.iter_mut().zip(chunk) {
            *lane = lane.wrapping_add(*word);
        }
    }
    lanes.iter().copied().fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_whole_lanes_is_read() {
        assert_eq!(sum(&vec![1; 8 * 100]), 800);
    }

    #[test]
    fn the_figure_is_that_of_a_memory_and_the_time_is_bounded() {
        let start = Instant::now();
        let rate = measure(32 << 20, 1 << 40, 2).expect("two threads can be started");
        assert!((1e8..1e13).contains(&rate), "{rate}");
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}
