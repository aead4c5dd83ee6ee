//! What a download is doing, for whoever shows it.

use super::name::FileName;

/// What a download is doing, for whoever shows it.
#[derive(Clone, Debug)]
pub enum Step<'a> {
    /// A file begins.
    Start {
        /// Its name.
        file: &'a FileName,
        /// Its size.
        bytes: u64,
        /// Bytes of it that are there from an earlier attempt.
        have: u64,
    },
    /// So many bytes of the file are there.
    At(u64),
    /// Another process is downloading this file.
    Waiting(&'a FileName),
    /// The connection was lost; there will be another attempt.
    Again {
        /// What happened.
        reason: String,
        /// Bytes that are there.
        have: u64,
    },
    /// The file's hash is computed.
    Checking(&'a FileName),
    /// The file is in the cache.
    Ready(&'a FileName),
}
