//! An agent's job as a file of its run's folder.

use super::{remote_file::RemoteFile, retrying_link::RetryingLink};
use crate::LinkError;
use slm_plan::digest::sha256_hex;
use slm_protocol::Job;

/// An agent's job, to be sent.
pub(super) struct JobFile {
    file: tempfile::NamedTempFile,
    sha256: String,
    bytes: u64,
}

impl JobFile {
    pub(super) fn new(job: &Job) -> std::io::Result<Self> {
        let bytes = serde_json::to_vec(job)?;
        let mut file = tempfile::NamedTempFile::new()?;
        std::io::Write::write_all(&mut file, &bytes)?;
        Ok(Self { file, sha256: sha256_hex(&bytes), bytes: bytes.len() as u64 })
    }

    /// Sends it into the folder of a run. Space is waited for.
    pub(super) fn send(&self, link: &RetryingLink, folder: &str) -> Result<(), LinkError> {
        let path = format!("{folder}/job.json");
        let remote = RemoteFile { path: &path, sha256: &self.sha256, bytes: self.bytes, mode: "644" };
        remote.ensure(link, self.file.path()).map(drop)
    }
}
