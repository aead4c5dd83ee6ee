//! What all tests share. No program depends on it.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

pub mod plan;
