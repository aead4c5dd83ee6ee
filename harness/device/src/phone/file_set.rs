//! A set of files that a phone must have, such as the parts of a split model. What it lacks is
//! sent, once there is space for all of that.

use super::{disk::prepare_folder, remote_file::RemoteFile, retrying_link::RetryingLink};
use crate::{LinkError, Notice};
use std::path::PathBuf;

/// A file of this machine, and where it goes.
#[derive(Clone, Debug)]
pub(super) struct FileOfSet {
    /// Path on this machine.
    pub(super) from: PathBuf,
    /// Path on the phone.
    pub(super) path: String,
    /// Hash of its content.
    pub(super) sha256: String,
    /// Size, bytes.
    pub(super) bytes: u64,
}

impl FileOfSet {
    fn remote(&self) -> RemoteFile<'_> {
        RemoteFile { path: &self.path, sha256: &self.sha256, bytes: self.bytes, mode: "644" }
    }
}

/// Sends the files that the phone lacks. `what` is their name for the user. Space for all of
/// them is waited for before the first byte.
pub(super) fn ensure(link: &RetryingLink, what: &str, set: &[FileOfSet]) -> Result<(), LinkError> {
    let mut missing = Vec::new();
    for file in set {
        if !file.remote().exists(link)? {
            missing.push(file);
        }
    }
    let Some(first) = missing.first() else { return Ok(()) };
    let total = missing.iter().map(|file| file.bytes).sum();
    link.waiting_for_space(|| prepare_folder(link, &first.path, total))?;
    link.notify(Notice::Sending { model: what, bytes: total, files: missing.len() });
    for file in missing {
        file.remote().place(link, &file.from)?;
    }
    Ok(())
}
