//! The cache that Python's `huggingface_hub` fills and reads: for each repository
//! `blobs/HASH`, `snapshots/COMMIT/FILE` (links to blobs) and `refs/REVISION`
//! (which commit a branch was at), and locks in `.locks`.

use super::{BlobId, Commit, FileName, HubError, RepoId, Revision};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// How often a lock that another process holds is tried.
const LOCK_INTERVAL: Duration = Duration::from_millis(100);
/// Folders within a repository, at most, that are looked through offline.
const MAX_DEPTH: usize = 8;

/// One repository in the cache.
pub(super) struct Cached<'a> {
    cache: &'a Path,
    repo: &'a RepoId,
}

impl<'a> Cached<'a> {
    pub(super) fn new(cache: &'a Path, repo: &'a RepoId) -> Self {
        Self { cache, repo }
    }

    fn root(&self) -> PathBuf {
        self.cache.join(self.repo.folder())
    }

    pub(super) fn blob(&self, blob: &BlobId) -> PathBuf {
        self.root().join("blobs").join(blob.as_str())
    }

    /// Where a download grows; Python's tool goes on with the same file.
    pub(super) fn part(&self, blob: &BlobId) -> PathBuf {
        self.root().join("blobs").join(format!("{blob}.incomplete"))
    }

    pub(super) fn snapshot(&self, commit: &Commit) -> PathBuf {
        self.root().join("snapshots").join(commit.as_str())
    }

    /// The commit that a revision was at when it was last asked for.
    pub(super) fn commit_of(&self, revision: &Revision) -> Option<Commit> {
        revision.as_commit().or_else(|| {
            fs::read_to_string(self.root().join("refs").join(revision.as_str())).ok()?.trim().parse().ok()
        })
    }

    /// A file that is there, whole.
    pub(super) fn find(&self, commit: &Commit, file: &FileName) -> Option<PathBuf> {
        Some(self.snapshot(commit).join(file.as_str())).filter(|path| path.is_file())
    }

    /// All files of a snapshot that are there.
    pub(super) fn files(&self, commit: &Commit) -> Vec<(FileName, u64)> {
        let mut found = Vec::new();
        let root = self.snapshot(commit);
        let mut folders = vec![(root.clone(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let Ok(metadata) = fs::metadata(&path) else { continue };
                if metadata.is_dir() && depth < MAX_DEPTH {
                    folders.push((path, depth + 1));
                } else if metadata.is_file()
                    && let Some(name) = path.strip_prefix(&root).ok().and_then(|name| name.to_str())
                    && let Ok(name) = name.parse()
                {
                    found.push((name, metadata.len()));
                }
            }
        }
        found.sort();
        found
    }

    /// Makes a blob appear as a file of a snapshot, and notes where the revision was.
    pub(super) fn link(
        &self,
        revision: &Revision,
        commit: &Commit,
        file: &FileName,
        blob: &BlobId,
    ) -> Result<PathBuf, HubError> {
        let path = self.snapshot(commit).join(file.as_str());
        let target = PathBuf::from("../".repeat(file.depth() + 2)).join("blobs").join(blob.as_str());
        if fs::read_link(&path).ok().as_ref() != Some(&target) {
            let place = |temporary: &Path| symlink(&target, temporary);
            appear(&path, &place).map_err(|error| HubError::io(&path, error))?;
        }
        self.note_commit(revision, commit)?;
        Ok(path)
    }

    /// Notes which commit a branch or tag was at.
    pub(super) fn note_commit(&self, revision: &Revision, commit: &Commit) -> Result<(), HubError> {
        if revision.as_commit().is_some() || self.commit_of(revision).as_ref() == Some(commit) {
            return Ok(());
        }
        let path = self.root().join("refs").join(revision.as_str());
        appear(&path, &|temporary| fs::write(temporary, commit.as_str()))
            .map_err(|error| HubError::io(&path, error))
    }

    /// Keeps other processes from downloading the same blob. `waiting` is called once
    /// when one does so already.
    pub(super) fn lock(
        &self,
        blob: &BlobId,
        waiting: &mut dyn FnMut() -> Result<(), HubError>,
    ) -> Result<BlobLock, HubError> {
        let folder = self.cache.join(".locks").join(self.repo.folder());
        let path = folder.join(format!("{blob}.lock"));
        let io = |error| HubError::io(&path, error);
        fs::create_dir_all(&folder).map_err(io)?;
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    waiting()?;
                    thread::sleep(LOCK_INTERVAL);
                }
                // Some network shares have no locks; go without.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => break,
                Err(TryLockError::Error(error)) => return Err(io(error)),
            }
        }
        Ok(BlobLock(file))
    }
}

/// Held until dropped; the kernel releases it when the process dies.
pub(super) struct BlobLock(#[expect(dead_code, reason = "held for its lock")] File);

/// Makes something under a temporary name and renames it, so that it is there whole
/// or not at all.
fn appear(path: &Path, make: &dyn Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    // Long names have no room for an ending.
    let temporary = path.with_file_name(name.to_str().map_or_else(
        || "tmp".to_owned(),
        |name| name.chars().rev().take(60).collect::<String>().chars().rev().collect(),
    ));
    let _ = fs::remove_file(&temporary);
    let made = make(&temporary).and_then(|()| fs::rename(&temporary, path));
    if made.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    made
}

/// The hash in the name of the blob that a file of a snapshot is a link to.
pub(super) fn blob_of(path: &Path) -> Option<BlobId> {
    BlobId::of_etag(fs::read_link(path).ok()?.file_name()?.to_str()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_linked_blob_is_found_by_branch_and_commit() {
        let folder = tempfile::tempdir().unwrap();
        let repo: RepoId = "owner/name".parse().unwrap();
        let cached = Cached::new(folder.path(), &repo);
        let commit: Commit = COMMIT.parse().unwrap();
        let blob = BlobId::of_etag(COMMIT).unwrap();
        let branch: Revision = "refs/pr/1".parse().unwrap();
        fs::create_dir_all(cached.blob(&blob).parent().unwrap()).unwrap();
        fs::write(cached.blob(&blob), "content").unwrap();
        for name in ["a.gguf".to_owned(), "deep/er/b.gguf".into(), "c".repeat(255)] {
            let file: FileName = name.parse().unwrap();
            let path = cached.link(&branch, &commit, &file, &blob).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "content");
            assert_eq!(cached.find(&cached.commit_of(&branch).unwrap(), &file), Some(path.clone()));
            assert_eq!(blob_of(&path), Some(blob.clone()));
        }
        assert_eq!(cached.files(&commit).len(), 3);
        // A broken link is no file.
        fs::remove_file(cached.blob(&blob)).unwrap();
        assert_eq!(cached.find(&commit, &"a.gguf".parse().unwrap()), None);
    }

    #[test]
    fn a_second_holder_waits_for_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let repo: RepoId = "owner/name".parse().unwrap();
        let cached = Cached::new(folder.path(), &repo);
        let blob = BlobId::of_etag(COMMIT).unwrap();
        let first = cached.lock(&blob, &mut || panic!("it is free")).unwrap();
        let (sender, waits) = std::sync::mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut waiting = || {
                    sender.send(()).ok();
                    Ok(())
                };
                cached.lock(&blob, &mut waiting).map(drop).unwrap();
            });
            waits.recv().unwrap();
            drop(first);
        });
    }
}
