//! What all tests share. No program depends on it.
//!
//! A crate's own unit tests see another copy of that crate than this one does: what takes
//! types of the crate under test is given here at a lower level, and fitted there.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

pub mod adb_server;
pub mod agent;
pub mod chromium;
pub mod dated;
pub mod fake_phone;
pub mod hub;
pub mod inputs;
pub mod made;
pub mod phone;
pub mod plan;
pub mod processes;
pub mod repository;
pub mod results;
pub mod sandbox;
pub mod split;
