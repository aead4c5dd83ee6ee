//! The same work on several threads at once.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

/// Runs the same work on so many threads, the caller's among them, which begin together. `None`
/// when one cannot be started.
pub(super) fn on_threads<T: Send>(threads: u32, work: impl Fn() -> T + Sync) -> Option<Vec<T>> {
    let begun = AtomicBool::new(false);
    let (begun, work) = (&begun, &work);
    thread::scope(|scope| {
        let worker = move || {
            while !begun.load(Ordering::Acquire) {
                thread::yield_now();
            }
            work()
        };
        let workers: io::Result<Vec<_>> =
            (1..threads).map(|_| thread::Builder::new().spawn_scoped(scope, worker)).collect();
        begun.store(true, Ordering::Release);
        let workers = workers.ok()?;
        let own = work();
        let others = workers.into_iter().map(|worker| worker.join().ok());
        std::iter::once(Some(own)).chain(others).collect()
    })
}

/// The median of values; `None` where there are none.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
