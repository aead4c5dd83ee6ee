//! What can go wrong with the hub, told apart, each in one line with its remedy.

use super::{
    listed_file::ListedFile,
    name::{FileName, NameError, RepoId, Revision},
};
use slm_plan::{error::Error, text::bytes};
use std::{io, path::Path};
use thiserror::Error as ThisError;

/// Why something could not be had from the hub.
#[derive(Debug, ThisError)]
pub enum HubError {
    /// A name that is not taken, typed or in the hub's answer.
    #[error("{0}")]
    Name(#[from] NameError),
    /// A setting that cannot be used.
    #[error("{0}")]
    Setting(String),
    /// The repository has no such file.
    #[error(
        "{repo} has no file {file} at revision {revision}; `bench models pull {repo}` lists its GGUF files"
    )]
    NoFile {
        /// The repository.
        repo: RepoId,
        /// The revision.
        revision: Revision,
        /// The file.
        file: FileName,
    },
    /// The repository has no such revision.
    #[error("{repo} has no revision {revision}; give a branch, tag or commit of it, or none for main")]
    NoRevision {
        /// The repository.
        repo: RepoId,
        /// The revision.
        revision: Revision,
    },
    /// There is no such repository, or none that may be seen.
    #[error(
        "{host} has no repository {repo}, or it is private{token}; check the name, or set HF_TOKEN to see it"
    )]
    NoRepository {
        /// The hub.
        host: String,
        /// The repository.
        repo: RepoId,
        /// What was done with the token.
        token: TokenUse,
    },
    /// The repository is there, but not for whoever asks.
    #[error(
        "access to {repo} is refused ({status}{token}); accept its terms on its page and set HF_TOKEN to a token that may read it"
    )]
    Denied {
        /// The repository.
        repo: RepoId,
        /// Status of the answer: 401 or 403.
        status: u16,
        /// What was done with the token.
        token: TokenUse,
    },
    /// Offline, and not in the cache.
    #[error(
        "{what} is not in the cache {cache} and bench is offline; pull it once without --offline and HF_HUB_OFFLINE"
    )]
    NotCached {
        /// What was looked for.
        what: String,
        /// Where.
        cache: String,
    },
    /// No connection, or it was lost for good.
    #[error("no connection to {host}: {reason}; check the network and try again (what was received is kept)")]
    Network {
        /// The host.
        host: String,
        /// What the system says.
        reason: String,
    },
    /// The hub is in trouble.
    #[error("{host} answered {status}{hint}; try again later")]
    Server {
        /// The host.
        host: String,
        /// Status of the answer.
        status: u16,
        /// The hub's words, if any.
        hint: String,
    },
    /// An answer that is not what a hub gives.
    #[error("{0}; is the endpoint a Hugging Face hub?")]
    Odd(String),
    /// Content that is not what the hub announced.
    #[error(
        "{file} arrived damaged: its hash is {got}, the hub says {want}; nothing was kept, pull it again"
    )]
    Damaged {
        /// The file.
        file: FileName,
        /// Announced hash.
        want: String,
        /// Hash of what came.
        got: String,
    },
    /// A file that is whole, but no usable model.
    #[error("{file} of {repo} is not usable: {problem}; nothing was kept, choose another file")]
    NotAModel {
        /// The repository.
        repo: RepoId,
        /// The file.
        file: FileName,
        /// What is wrong with it.
        problem: String,
    },
    /// Several GGUF files and none chosen.
    #[error("{repo} has {} GGUF files; choose one, such as {repo}:{}", files.len(), first(files))]
    Several {
        /// The repository.
        repo: RepoId,
        /// The GGUF files.
        files: Vec<ListedFile>,
    },
    /// Nothing in the repository can be measured or imported.
    #[error("{repo} has no GGUF file of a model and lacks {lacks} to import it from; {remedy}")]
    NothingUsable {
        /// The repository.
        repo: RepoId,
        /// What an import needs.
        lacks: &'static str,
        /// What to do instead.
        remedy: &'static str,
    },
    /// An index of weights that cannot be read.
    #[error("{repo}: {problem}")]
    Index {
        /// The repository.
        repo: RepoId,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The disk is full.
    #[error("{} needs {} more than {} has; free some space or set HF_HOME", file, bytes(*missing), folder)]
    DiskFull {
        /// The file.
        file: FileName,
        /// Bytes that lack.
        missing: u64,
        /// The cache.
        folder: String,
    },
    /// The user asked to stop.
    #[error("interrupted; what was received is kept")]
    Interrupted,
    /// The cache cannot be read or written.
    #[error("cannot write {path}: {source}; make it writable or set HF_HOME")]
    Io {
        /// The file at fault.
        path: String,
        /// What the system says.
        source: io::Error,
    },
}

fn first(files: &[ListedFile]) -> &str {
    files.first().map_or("FILE", |file| file.name.as_str())
}

impl HubError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.display().to_string(), source }
    }

    /// What happened, without remedy, for a remark before another attempt.
    pub(super) fn brief(&self) -> String {
        match self {
            Self::Network { host, reason } => format!("{host}: {reason}"),
            Self::Server { host, status, .. } => format!("{host} answered {status}"),
            other => other.to_string(),
        }
    }

    /// Whether another attempt may help.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Network { .. } => true,
            Self::Server { status, .. } => *status >= 500 || matches!(status, 408 | 429),
            _ => false,
        }
    }
}

impl From<HubError> for Error {
    fn from(error: HubError) -> Self {
        let text = error.to_string();
        match error {
            HubError::Network { .. }
            | HubError::Server { .. }
            | HubError::DiskFull { .. }
            | HubError::Io { .. } => Error::Internal(text),
            HubError::Interrupted => Error::Interrupted,
            _ => Error::Input(text),
        }
    }
}

/// What was done with a token; said where access is refused, never with its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenUse {
    /// There is none.
    None,
    /// It was sent.
    Sent,
    /// It was kept back: others could have read it on the way.
    KeptBack,
}

impl std::fmt::Display for TokenUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => ", no token was given",
            Self::Sent => ", the token given does not help",
            Self::KeptBack => ", the token was not sent since the endpoint is not https",
        })
    }
}
