//! How fast this machine reads memory. Every step of a dense model reads all its weights, which
//! bounds plausible decode rates.

use super::threads::on_threads;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// The buffer is so many times the last caches, within bounds: more would cost a phone memory that
/// the model needs, and less is no memory.
const OVER_CACHES: u64 = 4;
const LEAST_BYTES: u64 = 64 << 20;
const MOST_BYTES: u64 = 512 << 20;
/// Where the caches are not known. Phones have some megabytes of them.
const USUAL_BYTES: u64 = 128 << 20;
/// Share of the available memory that may be taken.
const SHARE: u64 = 4;

/// Reading is repeated for about this long.
const BUDGET: Duration = Duration::from_millis(60);
const PASSES: std::ops::RangeInclusive<usize> = 3..=24;

/// Timed piece by piece: one pass over megabytes is interrupted too easily on a
/// busy machine, and a bound that is too low would call honest figures impossible.
const PIECE_WORDS: usize = (1 << 20) / 8;

pub(super) struct Read {
    /// Of the buffer, the fastest pass; bytes per second.
    pub(super) bytes_per_s: f64,
    /// Of a part as large as the model, each piece of it at its best; of the whole buffer where the
    /// model is larger.
    pub(super) model_bytes_per_s: Option<f64>,
}

/// A size beyond caches of so many bytes; `None` where there is no memory for it. A smaller buffer would
/// tell the caches' rate, and probes of unlike buffers cannot be held against each other.
pub(super) fn buffer_bytes(caches: Option<u64>, available: Option<u64>) -> Option<u64> {
    let wanted = caches.map_or(USUAL_BYTES, |bytes| bytes.saturating_mul(OVER_CACHES));
    let wanted = wanted.clamp(LEAST_BYTES, MOST_BYTES);
    (wanted <= available? / SHARE).then_some(wanted)
}

/// Reads a buffer, and a part of it as large as the model. Sums over threads that read at the same
/// time. `None` when a thread cannot be started or has no memory for its part.
pub(super) fn measure(buffer_bytes: u64, model_bytes: Option<u64>, threads: u32) -> Option<Read> {
    let words = |bytes: u64| usize::try_from(bytes / 8 / u64::from(threads)).ok();
    let whole = words(buffer_bytes)?;
    let model = model_bytes.and_then(|bytes| words(bytes.max(1 << 20))).map(|words| words.min(whole));
    let of_threads = on_threads(threads, || {
        let buffer = filled(whole)?;
        let passes = read(&buffer);
        let best = model.and_then(|words| {
            if words == whole { passes.best_rate() } else { read(&buffer[..words]).best_rate() }
        });
        Some((passes.pass_rate()?, best))
    })?;
    let of_threads: Vec<(f64, Option<f64>)> = of_threads.into_iter().collect::<Option<_>>()?;
    let bytes_per_s = of_threads.iter().map(|(pass, _)| pass).sum();
    let model_bytes_per_s = of_threads.iter().map(|(_, best)| *best).sum();
    Some(Read { bytes_per_s, model_bytes_per_s })
}

/// A buffer, filled by the thread that reads it, which also makes the pages real. `None` where the kernel gives
/// no memory: a plain `vec!` would end the process.
fn filled(words: usize) -> Option<Vec<u64>> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(words).ok()?;
    buffer.resize(words, 1);
    Some(buffer)
}

/// Times of passes over a buffer.
struct Passes {
    bytes: f64,
    /// Seconds of each pass.
    seconds: Vec<f64>,
    /// The shortest time of each piece, seconds. The sum is that of a pass without interruptions, with what
    /// the caches kept of the pass before, just as in decoding.
    fastest: Vec<f64>,
}

impl Passes {
    fn best_rate(&self) -> Option<f64> {
        let seconds: f64 = self.fastest.iter().sum();
        (seconds > 0.0 && seconds.is_finite()).then(|| self.bytes / seconds)
    }

    fn pass_rate(&self) -> Option<f64> {
        let fastest = self.seconds.iter().copied().reduce(f64::min);
        fastest.filter(|seconds| *seconds > 0.0).map(|seconds| self.bytes / seconds)
    }
}

fn read(words: &[u64]) -> Passes {
    let pieces: Vec<&[u64]> = words.chunks(PIECE_WORDS).collect();
    let mut passes = Passes {
        bytes: size_of_val(words) as f64,
        seconds: Vec::with_capacity(*PASSES.end()),
        fastest: vec![f64::INFINITY; pieces.len()],
    };
    let start = Instant::now();
    while passes.seconds.len() < *PASSES.end()
        && (passes.seconds.len() < *PASSES.start() || start.elapsed() < BUDGET)
    {
        let begin = Instant::now();
        let mut before = begin;
        for (piece, fastest) in pieces.iter().zip(&mut passes.fastest) {
            black_box(sum(piece));
            let now = Instant::now();
            *fastest = fastest.min((now - before).as_secs_f64());
            before = now;
        }
        passes.seconds.push((before - begin).as_secs_f64());
    }
    passes
}

/// The sum, by the widest registers that this CPU has: loads of 8 bytes would not show what a cache gives.
#[allow(unsafe_code)] // instructions that only some CPUs have
fn sum(words: &[u64]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f")]
        fn avx512(words: &[u64]) -> u64 {
            sum_lanes::<64>(words)
        }
        #[target_feature(enable = "avx2")]
        fn avx2(words: &[u64]) -> u64 {
            sum_lanes::<32>(words)
        }
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the CPU has the instructions.
            return unsafe { avx512(words) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            return unsafe { avx2(words) };
        }
    }
    sum_lanes::<16>(words)
}

/// Independent sums, so that the loop is bound by memory and not by latency.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled anew for the instructions of each caller")]
fn sum_lanes<const LANES: usize>(words: &[u64]) -> u64 {
    let mut lanes = [0u64; LANES];
    let (chunks, rest) = words.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, word) in lanes.iter_mut().zip(chunk) {
            *lane = lane.wrapping_add(*word);
        }
    }
    lanes.iter().chain(rest).copied().fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read() {
        assert_eq!(sum(&vec![1; 64 * 100 + 5]), 6405);
        assert_eq!(sum_lanes::<16>(&vec![1; 37]), 37);
    }

    #[test]
    fn the_figures_are_those_of_a_memory_and_the_time_is_bounded() {
        let start = Instant::now();
        let read = measure(64 << 20, Some(32 << 20), 2).expect("two threads can be started");
        let model = read.model_bytes_per_s.expect("its size was given");
        assert!((1e8..1e13).contains(&read.bytes_per_s) && (1e8..1e13).contains(&model));
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }

    #[test]
    fn the_buffer_is_beyond_the_caches_and_leaves_memory_to_others() {
        let gib = 1 << 30;
        assert_eq!(buffer_bytes(Some(32 << 20), Some(16 * gib)), Some(128 << 20));
        assert_eq!(buffer_bytes(Some(1 << 20), Some(16 * gib)), Some(LEAST_BYTES));
        assert_eq!(buffer_bytes(Some(300 << 20), Some(16 * gib)), Some(MOST_BYTES));
        assert_eq!(buffer_bytes(None, Some(512 << 20)), Some(128 << 20));
        assert_eq!(buffer_bytes(None, Some(400 << 20)), None);
        assert_eq!((buffer_bytes(None, Some(10 << 20)), buffer_bytes(None, None)), (None, None));
    }

    #[test]
    fn memory_that_there_is_not_ends_no_process() {
        assert!(filled(isize::MAX as usize / 8).is_none());
        assert!(measure(1 << 62, Some(1 << 20), 2).is_none());
        assert_eq!(filled(3), Some(vec![1; 3]));
    }
}
