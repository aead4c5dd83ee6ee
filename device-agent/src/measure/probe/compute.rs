//! How fast the CPU multiplies and adds 8-bit numbers within its registers.

use super::{
    kernels::{self, Kernel},
    threads::{median, on_threads},
};
use std::time::{Duration, Instant};

/// Time for the kernel by which runs are told apart, and for each of the others.
const BUDGET: Duration = Duration::from_millis(50);
const BUDGET_OTHERS: Duration = Duration::from_millis(10);
/// Clocks rise within this time, which is not counted.
const WARM_UP: Duration = Duration::from_millis(10);
/// A piece of work that is timed: long against the clock's steps, short against a time slice.
const PIECE: Duration = Duration::from_micros(400);
/// No CPU does so many rounds in a piece.
const MOST_ROUNDS: u32 = 1 << 28;

/// What Intel's matrix unit does more than AVX512-VNNI at the same clock: TDPBUSD does 16 x 16 x 64
/// products in 16 cycles, two VPDPBUSD a cycle do 128 (Intel's optimization manual, on AMX).
const AMX_OVER_VNNI: f64 = 8.0;

pub(super) struct Computed {
    /// Name of the first kernel.
    pub(super) kernel: &'static str,
    /// Its median rate, operations per second.
    pub(super) ops_per_s: f64,
    /// The best rate of any kernel; `None` where the fastest instructions are not among them.
    pub(super) peak_ops_per_s: Option<f64>,
}

/// Times all kernels that this CPU can run. `None` when a thread cannot be started.
pub(super) fn measure(threads: u32, cpu_features: &[String]) -> Option<Computed> {
    let kernels = kernels::supported();
    let (first, others) = kernels.split_first()?;
    let (ops_per_s, mut peak) = rates(*first, threads, BUDGET)?;
    for kernel in others {
        peak = peak.max(rates(*kernel, threads, BUDGET_OTHERS)?.1);
    }
    let has_amx = cpu_features.iter().any(|feature| feature == "amx_int8");
    let headroom = if has_amx { AMX_OVER_VNNI } else { 1.0 };
    let peak_ops_per_s = first.is_fastest.then_some(peak * headroom);
    Some(Computed { kernel: first.name, ops_per_s, peak_ops_per_s })
}

/// The median and the best rate of a kernel: sums over the threads.
fn rates(kernel: Kernel, threads: u32, budget: Duration) -> Option<(f64, f64)> {
    let of_threads = on_threads(threads, || of_one_thread(kernel, budget))?;
    let sum = |pick: fn(&(f64, f64)) -> f64| of_threads.iter().flatten().map(pick).sum::<f64>();
    of_threads.iter().all(Option::is_some).then(|| (sum(|rates| rates.0), sum(|rates| rates.1)))
}

fn of_one_thread(kernel: Kernel, budget: Duration) -> Option<(f64, f64)> {
    let start = Instant::now();
    let mut rounds: u32 = 1024;
    loop {
        let is_long = time(kernel, rounds) >= PIECE || rounds >= MOST_ROUNDS;
        if is_long && start.elapsed() >= WARM_UP {
            break;
        }
        if !is_long {
            rounds *= 2;
        }
    }
    let work = (u64::from(rounds) * kernel.ops_per_round) as f64;
    let (start, mut rates) = (Instant::now(), Vec::with_capacity(256));
    while start.elapsed() < budget {
        rates.push(work / time(kernel, rounds).as_secs_f64());
    }
    let best = rates.iter().copied().reduce(f64::max)?;
    Some((median(rates)?, best))
}

fn time(kernel: Kernel, rounds: u32) -> Duration {
    let start = Instant::now();
    (kernel.run)(rounds);
    start.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_at_least_the_median_and_a_matrix_unit_raises_it() {
        let plain = measure(1, &[]).unwrap();
        assert!((1e8..1e13).contains(&plain.ops_per_s), "{}", plain.ops_per_s);
        let with_amx = measure(1, &["amx_int8".to_owned()]).unwrap();
        if let (Some(plain_peak), Some(peak)) = (plain.peak_ops_per_s, with_amx.peak_ops_per_s) {
            assert!(plain_peak >= plain.ops_per_s && peak > 3.0 * plain_peak);
        }
    }
}
