//! Why a sweep may stop before its end: the user wishes it, or enough is known.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Set when the user asks to stop, or when nothing more needs to be measured.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    asked: Arc<AtomicBool>,
    enough: Arc<AtomicBool>,
}

impl Interrupt {
    /// Asks to stop, as a signal does or a fault after which nothing more can be recorded;
    /// whether that had been asked before.
    pub fn raise(&self) -> bool {
        self.asked.swap(true, Ordering::Relaxed)
    }

    /// Says that enough is known.
    pub fn enough(&self) {
        self.enough.store(true, Ordering::Relaxed);
    }

    /// Whether to stop.
    pub fn is_set(&self) -> bool {
        self.asked.load(Ordering::Relaxed) || self.is_enough()
    }

    /// Whether the reason to stop is that enough is known.
    pub fn is_enough(&self) -> bool {
        self.enough.load(Ordering::Relaxed)
    }
}
