//! The Hugging Face hub: files are resolved to a commit, downloaded, checked and
//! kept in the cache that Python's `huggingface_hub` uses.
//!
//! Written by hand on `ureq`, since the client crate checks neither the status of a
//! download nor its hash and cannot resume one (see docs/decisions).

mod blob;
mod cache;
mod client;
mod download;
mod error;
mod http;
mod inspect;
mod listed_file;
mod listing;
mod name;
mod settings;
mod step;
mod url;

pub use blob::BlobId;
pub use client::{CachedFile, FileSet, Hub, Pulled, SnapshotDir, fetch_snapshot};
pub use error::{HubError, TokenUse};
pub use listed_file::ListedFile;
pub use name::{Address, Commit, FileName, NameError, RepoId, Revision};
pub use settings::HubOptions;
pub use step::Step;
