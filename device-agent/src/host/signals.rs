//! SIGINT and SIGTERM: a flag that long work looks at, and a bound on how long
//! the process may take to notice it.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How long the main thread has to end by itself after a signal. Loading a model
/// cannot be interrupted, so it may be cut short here.
const GRACE: Duration = Duration::from_millis(500);

/// Starts watching. `give_up` is called when the main thread has not ended the
/// process within [`GRACE`] of a signal; it should not return.
pub(crate) fn watch(give_up: impl Fn() + Send + 'static) -> Result<(), ctrlc::Error> {
    let main = thread::current();
    ctrlc::set_handler(move || {
        INTERRUPTED.store(true, Ordering::Relaxed);
        main.unpark();
        thread::sleep(GRACE);
        give_up();
    })
}

/// Whether a signal has come.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Sleeps without waking up in between; a signal ends it early.
pub(crate) fn sleep(duration: Duration) {
    let end = Instant::now() + duration;
    while !interrupted() {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        thread::park_timeout(left);
    }
}
