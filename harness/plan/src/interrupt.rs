//! The user's wish to stop: a sweep then ends with what was measured.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Becomes true when the user asks to stop.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Asks to stop, as a signal does or a fault after which nothing more can be recorded;
    /// whether that had been asked before.
    pub fn raise(&self) -> bool {
        self.0.swap(true, Ordering::Relaxed)
    }

    /// Whether the user asked to stop.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
