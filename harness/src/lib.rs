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
mod elf;
pub mod error;
pub mod export;
pub mod fleet;
pub mod hub;
pub mod interrupt;
pub mod models;
pub mod plan;
pub mod prompts;
pub mod quantise;
pub mod report;
pub mod results;
pub mod session;
pub mod show;
pub mod stats;
pub mod store;
pub mod sweetspot;
mod variable;

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

/// A name of the user's or of a device as part of a file's name: what is no letter,
/// digit, dot, dash or underscore becomes a dash, and a hash keeps such names apart.
pub fn file_name(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.chars().all(is_plain) && !name.starts_with('.') && name.len() <= 60 {
        return name.to_owned();
    }
    let plain: String =
        name.chars().map(|c| if is_plain(c) && c != '.' { c } else { '-' }).take(40).collect();
    format!("{plain}-{}", &sha256_hex(name.as_bytes())[..8])
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::file_name;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_name_becomes_a_plain_part_of_a_file_name(name in "\\PC{0,80}") {
            let part = file_name(&name);
            prop_assert!(part.len() <= 60 && !part.starts_with('.') && !part.contains('/'), "{}", part);
            let other = file_name(&format!("{name}/"));
            prop_assert!(other != part, "{}", part);
        }
    }

    #[test]
    fn a_plain_name_stays() {
        assert_eq!(file_name("s24-ultra"), "s24-ultra");
        assert_eq!(file_name("adb://h:1/a b").split_at(13).0, "adb---h-1-a-b");
    }
}
