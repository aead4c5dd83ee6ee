//! The client: what a command asks of the hub.

use super::cache::Cached;
use super::download::{Announced, Download};
use super::http::{Http, Subject};
use super::listing::Listing;
use super::settings::Settings;
use super::{
    Address, BlobId, Commit, FileName, HubError, HubOptions, ListedFile, RepoId, Revision, Step, cache,
    inspect::{inspect, inspect_parts},
};
use slm_models::SplitName;
use std::{env, fs, path::PathBuf};

/// A file in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedFile {
    /// Where it is: a link of its own name to its content.
    pub path: PathBuf,
    /// The commit it is of.
    pub commit: Commit,
    /// Its name in the repository.
    pub file: FileName,
    /// Its size in bytes.
    pub bytes: u64,
    /// The hash of its content, where the cache tells it.
    pub blob: Option<BlobId>,
    /// The other parts of a split model, of which this is the first.
    pub further: Vec<PathBuf>,
}

/// Files of one commit in a folder of the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotDir {
    /// The folder; other files of the commit may be in it, too.
    pub path: PathBuf,
    /// The repository.
    pub repo: RepoId,
    /// The commit.
    pub commit: Commit,
    /// The files asked for, all of them there.
    pub files: Vec<CachedFile>,
}

/// Which files of a repository are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileSet {
    /// What converting a model to GGUF needs: `config.json`, the tokenizer's files and
    /// one set of weights (safetensors, else `pytorch_model.bin`), in the repository's
    /// own folder.
    Import,
    /// These and no others.
    Named(Vec<FileName>),
}

/// What a repository turned out to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// A GGUF file, its header checked.
    Gguf(CachedFile),
    /// Some other file that was named.
    File(CachedFile),
    /// No GGUF file, but all that an import needs.
    Snapshot(SnapshotDir),
}

/// A connection to the hub and its cache.
pub struct Hub {
    settings: Settings,
    http: Http,
}

impl Hub {
    /// With the settings of the environment.
    ///
    /// # Errors
    /// A setting that cannot be used.
    pub fn new(options: &HubOptions) -> Result<Self, HubError> {
        Ok(Self::with(Settings::read(options, &|name| env::var_os(name))?))
    }

    pub(super) fn with(settings: Settings) -> Self {
        Self { http: Http::new(&settings), settings }
    }

    /// What `bench models pull` does: the file named, else the repository's only GGUF
    /// file, else what an import needs.
    ///
    /// # Errors
    /// [`HubError::Several`] where there is a choice; others as they come.
    pub fn pull(&self, address: &Address, watch: &mut dyn FnMut(Step)) -> Result<Pulled, HubError> {
        let Address { repo, revision, file } = address;
        if let Some(file) = file {
            return Ok(if file.is_gguf() {
                Pulled::Gguf(self.fetch_model(repo, revision, file, watch)?)
            } else {
                Pulled::File(self.fetch(repo, revision, file, watch)?)
            });
        }
        let listing = self.list(repo, revision, watch)?;
        let gguf = listing.gguf();
        match gguf.as_slice() {
            [] => {
                let files = self.files_to_import(repo, revision, &listing, watch)?;
                self.snapshot(repo, revision, &listing.commit, &files, watch).map(Pulled::Snapshot)
            }
            [one] => {
                let cached = self.fetch_model(repo, &(&listing.commit).into(), &one.name, watch)?;
                Cached::new(&self.settings.cache, repo).note_commit(revision, &listing.commit)?;
                Ok(Pulled::Gguf(cached))
            }
            _ => Err(HubError::Several { repo: repo.clone(), files: gguf }),
        }
    }

    /// The GGUF file that an address names, or the only one of the repository; `None` for
    /// another file. Where the repository has none, nothing is downloaded.
    ///
    /// # Errors
    /// As for [`Hub::pull`].
    pub fn pull_model(
        &self,
        address: &Address,
        watch: &mut dyn FnMut(Step),
    ) -> Result<Option<CachedFile>, HubError> {
        let Address { repo, revision, file } = address;
        match file {
            Some(file) if file.is_gguf() => self.fetch_model(repo, revision, file, watch).map(Some),
            Some(_) => Ok(None),
            None if self.list(repo, revision, watch)?.gguf().is_empty() => Ok(None),
            None => match self.pull(address, watch)? {
                Pulled::Gguf(file) => Ok(Some(file)),
                Pulled::File(_) | Pulled::Snapshot(_) => Ok(None),
            },
        }
    }

    /// The commit that a revision is at.
    ///
    /// # Errors
    /// As for [`Hub::pull`].
    pub fn commit_of(
        &self,
        repo: &RepoId,
        revision: &Revision,
        watch: &mut dyn FnMut(Step),
    ) -> Result<Commit, HubError> {
        match revision.as_commit() {
            Some(commit) => Ok(commit),
            None => Ok(self.list(repo, revision, watch)?.commit),
        }
    }

    /// Brings a set of files of one commit into the cache.
    ///
    /// # Errors
    /// As for [`Hub::pull`].
    pub fn fetch_snapshot(
        &self,
        repo: &RepoId,
        revision: &Revision,
        want: &FileSet,
        watch: &mut dyn FnMut(Step),
    ) -> Result<SnapshotDir, HubError> {
        let listing = self.list(repo, revision, watch)?;
        let files = match want {
            FileSet::Import => self.files_to_import(repo, revision, &listing, watch)?,
            FileSet::Named(files) => files.clone(),
        };
        self.snapshot(repo, revision, &listing.commit, &files, watch)
    }

    /// What an import reads; an index of weights is fetched, since only it knows their names.
    fn files_to_import(
        &self,
        repo: &RepoId,
        revision: &Revision,
        listing: &Listing,
        watch: &mut dyn FnMut(Step),
    ) -> Result<Vec<FileName>, HubError> {
        listing.for_import(repo, &mut |index| {
            let path = self.fetch_of(repo, revision, &listing.commit, index, watch)?.path;
            fs::read(&path).map_err(|error| HubError::io(&path, error))
        })
    }

    /// A GGUF file and, if it is a part of a split model, all others, of one commit; the
    /// first part.
    fn fetch_model(
        &self,
        repo: &RepoId,
        revision: &Revision,
        file: &FileName,
        watch: &mut dyn FnMut(Step),
    ) -> Result<CachedFile, HubError> {
        let Some(split) = SplitName::parse(file.as_str()) else {
            return self.fetch(repo, revision, file, watch);
        };
        let mut all = Vec::new();
        for name in split.all() {
            let name: FileName = name.parse()?;
            let of_first = all.first().map(|first: &CachedFile| Revision::from(&first.commit));
            all.push(self.fetch(repo, of_first.as_ref().unwrap_or(revision), &name, watch)?);
        }
        let further = all.iter().skip(1).map(|part| part.path.clone()).collect();
        let Some(first) = all.into_iter().next() else {
            return Err(HubError::Odd(format!("{file} is a part of none")));
        };
        inspect_parts(repo, file, &first.path)?;
        Ok(CachedFile { further, ..first })
    }

    fn snapshot(
        &self,
        repo: &RepoId,
        revision: &Revision,
        commit: &Commit,
        files: &[FileName],
        watch: &mut dyn FnMut(Step),
    ) -> Result<SnapshotDir, HubError> {
        let mut cached = Vec::new();
        for file in files {
            cached.push(self.fetch_of(repo, revision, commit, file, watch)?);
        }
        let path = Cached::new(&self.settings.cache, repo).snapshot(commit);
        Ok(SnapshotDir { path, repo: repo.clone(), commit: commit.clone(), files: cached })
    }

    /// A file of a commit that a revision was found to be at.
    fn fetch_of(
        &self,
        repo: &RepoId,
        revision: &Revision,
        commit: &Commit,
        file: &FileName,
        watch: &mut dyn FnMut(Step),
    ) -> Result<CachedFile, HubError> {
        let cached = self.fetch(repo, &commit.into(), file, watch)?;
        Cached::new(&self.settings.cache, repo).note_commit(revision, commit)?;
        Ok(cached)
    }

    /// Brings one file into the cache. A file of a commit that is there already needs
    /// no connection; for a branch the hub is asked where it is now.
    ///
    /// # Errors
    /// As they come.
    pub fn fetch(
        &self,
        repo: &RepoId,
        revision: &Revision,
        file: &FileName,
        watch: &mut dyn FnMut(Step),
    ) -> Result<CachedFile, HubError> {
        let cached = Cached::new(&self.settings.cache, repo);
        if self.settings.offline || revision.as_commit().is_some() {
            let commit = cached.commit_of(revision);
            let found = commit.and_then(|commit| Some((cached.find(&commit, file)?, commit)));
            if let Some((path, commit)) = found {
                inspect(repo, file, &path)?;
                return ready(path, commit, file, watch);
            }
            if self.settings.offline {
                return Err(self.not_cached(&Address {
                    repo: repo.clone(),
                    revision: revision.clone(),
                    file: Some(file.clone()),
                }));
            }
        }
        let subject = Subject { repo, revision, file: Some(file) };
        let uri = self.settings.endpoint.file(repo, revision, file)?;
        let head = self.patiently(watch, || self.http.head(&self.settings, &uri, subject))?;
        let announced = Announced::read(&head, &self.settings.endpoint.origin, file)?;
        drop(head);
        // From here on the commit counts: a branch may move meanwhile.
        let uri = self.settings.endpoint.file(repo, &(&announced.commit).into(), file)?;
        Download {
            settings: &self.settings,
            http: &self.http,
            subject,
            file,
            announced: &announced,
            uri: &uri,
        }
        .run(&cached, watch)?;
        let path = cached.link(revision, &announced.commit, file, &announced.blob)?;
        inspect(repo, file, &path)?;
        ready(path, announced.commit, file, watch)
    }

    /// The files of a revision: by the hub, or offline those that are in the cache.
    fn list(
        &self,
        repo: &RepoId,
        revision: &Revision,
        watch: &mut dyn FnMut(Step),
    ) -> Result<Listing, HubError> {
        if self.settings.offline {
            let cached = Cached::new(&self.settings.cache, repo);
            let commit = cached.commit_of(revision);
            let files = commit.as_ref().map(|commit| cached.files(commit)).unwrap_or_default();
            let (Some(commit), false) = (commit, files.is_empty()) else {
                let address = Address { repo: repo.clone(), revision: revision.clone(), file: None };
                return Err(self.not_cached(&address));
            };
            let files =
                files.into_iter().map(|(name, bytes)| ListedFile { name, bytes: Some(bytes) }).collect();
            return Ok(Listing { commit, files });
        }
        let uri = self.settings.endpoint.listing(repo, revision)?;
        let subject = Subject { repo, revision, file: None };
        let answer = self.patiently(watch, || self.http.answer(&self.settings, &uri, subject))?;
        Listing::parse(repo, &answer)
    }

    /// Runs something again as long as what hinders it may pass.
    fn patiently<T>(
        &self,
        watch: &mut dyn FnMut(Step),
        mut attempt: impl FnMut() -> Result<T, HubError>,
    ) -> Result<T, HubError> {
        let mut failures = 0;
        loop {
            self.settings.go_on()?;
            match attempt() {
                Err(error) if error.is_passing() && failures + 1 < self.settings.patience.attempts => {
                    failures += 1;
                    watch(Step::Again { reason: error.brief(), have: 0 });
                    self.settings.rest(failures)?;
                }
                other => return other,
            }
        }
    }

    fn not_cached(&self, what: &Address) -> HubError {
        HubError::NotCached { what: what.to_string(), cache: self.settings.cache.display().to_string() }
    }
}

fn ready(
    path: PathBuf,
    commit: Commit,
    file: &FileName,
    watch: &mut dyn FnMut(Step),
) -> Result<CachedFile, HubError> {
    let bytes = fs::metadata(&path).map_err(|error| HubError::io(&path, error))?.len();
    watch(Step::Ready(file));
    let (blob, further) = (cache::blob_of(&path), Vec::new());
    Ok(CachedFile { blob, path, commit, file: file.clone(), bytes, further })
}

/// [`Hub::fetch_snapshot`] with the settings of the environment.
///
/// # Errors
/// As there.
pub fn fetch_snapshot(
    repo: &RepoId,
    revision: &Revision,
    want: &FileSet,
    watch: &mut dyn FnMut(Step),
) -> Result<SnapshotDir, HubError> {
    Hub::new(&HubOptions::default())?.fetch_snapshot(repo, revision, want, watch)
}
