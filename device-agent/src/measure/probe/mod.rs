//! How fast the device is apart from any engine: fixed work, timed before the first trial and after
//! the last with the engine's number of threads, on the CPUs that they may use. It tells runs apart
//! in which the device was slower, and bounds what an engine can have done.

mod caches;
mod compute;
mod kernels;
mod memory;
mod threads;

use super::clock;
use crate::sensors::available;
use slm_protocol::{Probe, ProbeMoment};

/// Each thread reads its own part of the largest buffer, 512 MiB: of more threads the parts would fit into caches
/// of single cores. What an engine with more of them does is not held against these.
const MAX_THREADS: u32 = 64;

/// The probe before the first trial, and the fastest that a buffer of the model's size was read:
/// bytes per second. `model_bytes`: that size; `cpu_features`: those of the CPU, by the kernel.
pub(crate) fn start(model_bytes: u64, threads: u32, cpu_features: &[String]) -> (Option<Probe>, Option<f64>) {
    measure(ProbeMoment::Start, Some(model_bytes), threads, cpu_features)
}

/// The probe after the last trial.
pub(crate) fn end(threads: u32, cpu_features: &[String]) -> Option<Probe> {
    measure(ProbeMoment::End, None, threads, cpu_features).0
}

fn measure(
    moment: ProbeMoment,
    model_bytes: Option<u64>,
    threads: u32,
    cpu_features: &[String],
) -> (Option<Probe>, Option<f64>) {
    let begin = clock::now_ns();
    let model_bytes = model_bytes.filter(|_| threads <= MAX_THREADS);
    let threads = threads.clamp(1, MAX_THREADS);
    let Some(computed) = compute::measure(threads, cpu_features) else { return (None, None) };
    let buffer_bytes = memory::buffer_bytes(caches::last_level_bytes(), available::bytes());
    let read = buffer_bytes.and_then(|bytes| memory::measure(bytes, model_bytes, threads));
    let probe = Probe {
        moment,
        threads,
        kernel: computed.kernel.to_owned(),
        ops_per_s: computed.ops_per_s,
        peak_ops_per_s: computed.peak_ops_per_s,
        bytes_per_s: read.as_ref().map(|read| read.bytes_per_s),
        buffer_bytes: read.as_ref().and(buffer_bytes),
        took_ns: clock::now_ns() - begin,
    };
    (Some(probe), read.and_then(|read| read.model_bytes_per_s))
}
