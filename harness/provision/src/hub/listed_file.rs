//! A file of a repository, before it is fetched.

use super::name::FileName;

/// A file of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile {
    /// Its name.
    pub name: FileName,
    /// Its size in bytes, where the hub tells it.
    pub bytes: Option<u64>,
}
