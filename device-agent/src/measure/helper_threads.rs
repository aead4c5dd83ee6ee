//! Threads that serve the measurement without being part of it: the heartbeat and
//! the sampling of sensors. They are kept off the compute cores where that can be,
//! and what they wait for is not held against a trial.

use super::affinity;
use rustix::{process::setpriority_process, thread::gettid};
use slm_protocol::CpuList;
use std::{io, sync::Mutex, thread};

/// The lowest priority: the thread runs when nobody else wants the core.
const LOWEST: i32 = 19;

static THREADS: Mutex<Vec<i32>> = Mutex::new(Vec::new());

/// How soon a helper gets its core.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Priority {
    /// Like any other thread: it holds a lock that the main thread may want.
    Usual,
    /// Last of all.
    Lowest,
}

/// Starts a helper. Binding it or lowering its priority may fail; it runs all the same.
pub(crate) fn spawn(
    name: &str,
    cpus: Option<CpuList>,
    priority: Priority,
    body: impl FnOnce() + Send + 'static,
) -> io::Result<()> {
    let run = move || {
        if let Ok(mut threads) = THREADS.lock() {
            threads.push(gettid().as_raw_nonzero().get());
        }
        if let Some(cpus) = cpus {
            let _ = affinity::bind(&cpus);
        }
        if priority == Priority::Lowest {
            // On Linux this is the calling thread's priority, not the process's.
            let _ = setpriority_process(None, LOWEST);
        }
        body();
    };
    thread::Builder::new().name(name.to_owned()).stack_size(256 << 10).spawn(run).map(drop)
}

/// Whether a thread of this process, by its directory's name in /proc, is a helper.
pub(crate) fn is_helper(thread: &str) -> bool {
    let Ok(id) = thread.parse::<i32>() else { return false };
    THREADS.lock().is_ok_and(|threads| threads.contains(&id))
}
