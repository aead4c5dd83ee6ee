//! Checkpoints that can be imported: folders, and repositories of the hub.

use crate::hub::{Address, Commit, FileSet, Hub, HubOptions, RepoId, Revision};
use crate::{imported_name, work::Work};
use slm_import::{Embeddings, Request};
use slm_models::{Catalogue, Entry, FileType};
use slm_plan::{
    error::{Error, Result},
    interrupt::Interrupt,
};
use std::path::{Path, PathBuf};

/// A folder to import, and what it is of.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    folder: PathBuf,
    /// What the converted file is kept under.
    pub name: String,
    origin: Option<(RepoId, Commit)>,
}

impl Checkpoint {
    /// A folder of the user's. Where it is called as a model of the catalogue, and is that
    /// model, sweeps find its weights under that name.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of_folder(folder: &Path) -> Result<Self> {
        let absolute = folder.canonicalize().map_err(|error| Error::reading(folder, &error))?;
        let own = absolute.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = Catalogue::builtin().find(&own).map_or(own, |entry| entry.name.clone());
        Ok(Self { folder: folder.to_owned(), name, origin: None })
    }

    /// What the conversion is to do with it.
    pub fn request(&self, weights: FileType, embeddings: Embeddings, tokenizer: Option<PathBuf>) -> Request {
        Request {
            folder: self.folder.clone(),
            tokenizer,
            weights,
            embeddings,
            name: self.origin.is_none().then(|| self.name.clone()),
            repository: self.origin.as_ref().map(|(repo, _)| repo.to_string()),
            commit: self.origin.as_ref().map(|(_, commit)| commit.to_string()),
        }
    }
}

/// A repository of the hub that holds a checkpoint.
#[derive(Clone, Debug)]
pub struct HubModel {
    repo: RepoId,
    revision: Revision,
    /// The model of the catalogue that it is.
    entry: Option<&'static Entry>,
}

impl HubModel {
    /// The repository of a model of the catalogue.
    ///
    /// # Errors
    /// Where the catalogue knows none.
    pub fn of_entry(entry: &'static Entry) -> Result<Self> {
        let Some(repo) = &entry.hf_repo else {
            let what = format!("{} has no repository on the hub", entry.name);
            let remedy = "import the folder of its checkpoint with `bench models import DIR`";
            return Err(Error::input(what, remedy));
        };
        let repo = repo.parse().map_err(|error| Error::Internal(format!("{}: {error}", entry.name)))?;
        Ok(Self { repo, revision: Revision::default(), entry: Some(entry) })
    }

    /// A repository by its name; the file of an address does not count. Without a revision
    /// it may be a model of the catalogue.
    pub fn of_address(address: Address) -> Self {
        let is_it = |entry: &&Entry| entry.hf_repo.as_deref() == Some(address.repo.as_str());
        let at_main = address.revision == Revision::default();
        let entry = Catalogue::builtin().entries().iter().filter(|_| at_main).find(is_it);
        Self { repo: address.repo, revision: address.revision, entry }
    }

    /// The repository's name.
    pub fn repo(&self) -> &str {
        self.repo.as_str()
    }

    /// What its converted files are kept under: the catalogue's name, else repository and
    /// commit, for which the hub may have to be asked.
    ///
    /// # Errors
    /// As the hub's.
    pub fn name(&self, work: Work<'_>) -> Result<String> {
        if let Some(entry) = self.entry {
            return Ok(entry.name.clone());
        }
        let hub = open_hub(work.interrupt)?;
        Ok(self.name_at(&hub.commit_of(&self.repo, &self.revision, &mut work.pull_steps())?))
    }

    fn name_at(&self, commit: &Commit) -> String {
        match self.entry {
            Some(entry) => entry.name.clone(),
            None => imported_name(self.repo.as_str(), commit.as_str()),
        }
    }

    /// Downloads what an import needs, or finds it in the hub's cache.
    ///
    /// # Errors
    /// As the hub's.
    pub fn fetch(&self, work: Work<'_>) -> Result<Checkpoint> {
        let hub = open_hub(work.interrupt)?;
        let snapshot =
            hub.fetch_snapshot(&self.repo, &self.revision, &FileSet::Import, &mut work.pull_steps())?;
        let name = self.name_at(&snapshot.commit);
        Ok(Checkpoint { folder: snapshot.path, name, origin: Some((snapshot.repo, snapshot.commit)) })
    }
}

/// The hub as the environment names it.
///
/// # Errors
/// A setting that cannot be used.
pub fn open_hub(interrupt: &Interrupt) -> Result<Hub> {
    Ok(Hub::new(&HubOptions { interrupt: interrupt.clone(), ..HubOptions::default() })?)
}
