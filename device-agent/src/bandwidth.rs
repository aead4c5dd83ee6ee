//! How fast this machine reads memory: an upper bound on plausible decode rates,
//! since every step of a dense model reads all its weights.

use std::{
    hint::black_box,
    thread,
    time::{Duration, Instant},
};

/// Largest buffer; more would cost a phone memory that the model needs.
const MAX_BYTES: u64 = 256 << 20;
/// Reading is repeated for about this long, and the best pass counts.
const BUDGET: Duration = Duration::from_millis(80);
const MAX_PASSES: u32 = 12;

/// Bytes per second over a buffer of the model's size (at most 256 MiB and a
/// quarter of the available memory), with `threads` threads; the best of a few passes.
pub(crate) fn measure(model_bytes: u64, available_bytes: u64, threads: u32) -> Option<f64> {
    let threads = threads.clamp(1, 64) as usize;
    let bytes = model_bytes.clamp(1 << 20, MAX_BYTES).min((available_bytes / 4).max(1 << 20));
    let words_per_thread = usize::try_from(bytes).ok()? / 8 / threads;
    let best = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                thread::Builder::new().spawn_scoped(scope, || {
                    // Each thread fills its own part, which also makes the pages real.
                    let part = vec![1u64; words_per_thread];
                    let mut best = Duration::MAX;
                    let start = Instant::now();
                    for pass in 0..MAX_PASSES {
                        if pass > 1 && start.elapsed() > BUDGET {
                            break;
                        }
                        let before = Instant::now();
                        black_box(sum(&part));
                        best = best.min(before.elapsed());
                    }
                    best
                })
            })
            .collect::<Result<_, _>>()
            .ok()?;
        // The slowest thread's best pass: an engine waits for its slowest thread too.
        workers.into_iter().map(|worker| worker.join().ok()).collect::<Option<Vec<_>>>()?.into_iter().max()
    })?;
    let read = (words_per_thread * threads * 8) as f64;
    (best > Duration::ZERO).then(|| read / best.as_secs_f64())
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
