//! A file of a repository, before it is fetched.

use super::name::FileName;

/// A file of a repository, or all parts of a split model, named by the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile {
    /// Its name.
    pub name: FileName,
    /// Its size in bytes (of all parts), where the hub tells it.
    pub bytes: Option<u64>,
}
