//! SIGINT and SIGTERM: the sweep ends with what was measured.

use crate::error::{Error, Result};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Becomes true when the user asks to stop.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens for signals. A second one ends the process at once.
    ///
    /// # Errors
    /// [`Error::Internal`] when no handler can be set.
    pub fn listen() -> Result<Self> {
        let interrupt = Self::default();
        let flag = interrupt.clone();
        let set = ctrlc::set_handler(move || {
            if flag.0.swap(true, Ordering::Relaxed) {
                // The first signal is being obeyed too slowly for the user. All
                // files are whole after every trial, so this loses nothing.
                rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).ok();
            }
        });
        set.map_err(|error| Error::Internal(format!("no handler for SIGINT: {error}")))?;
        Ok(interrupt)
    }

    /// Asks to stop as a signal would: for a fault after which nothing more can be recorded.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the user asked to stop.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
