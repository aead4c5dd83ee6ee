//! The host controller of `bench`: it plans a sweep, drives the agent on a
//! device, records every event, and derives the tables from the record.
//!
//! `cmd` holds one file per command and reads top-down; see ARCHITECTURE.md.

// Test support that is shared with harness/tests names the crate as they do.
#[cfg(test)]
extern crate self as slm_bench;

pub mod agent;
pub mod analysis;
pub mod baseline;
pub mod cli;
pub mod cmd;
pub mod compare;
pub mod costmodel;
pub mod device;
pub mod error;
pub mod interrupt;
pub mod models;
pub mod plan;
pub mod prompts;
pub mod report;
pub mod results;
pub mod session;
pub mod show;
pub mod stats;
pub mod store;
pub mod sweetspot;

/// Prints why a command ended, in one line on stderr, whatever words of an agent
/// or names of files are in it.
pub fn complain(error: &error::Error) {
    let text = error.to_string().replace('\n', " ");
    show::note(&format!("bench: {}", show::clean(&text)));
}

use sha2::{Digest, Sha256};

/// SHA-256 of bytes, as lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
