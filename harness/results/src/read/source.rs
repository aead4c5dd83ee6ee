//! Where figures come from: a results folder or a summary CSV by itself.

use crate::manifest::{Manifest, PlanWithoutTrials};
use slm_plan::error::{Error, Result};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A place with figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// As the user gave it.
    pub path: PathBuf,
    /// The summary.
    pub summary_csv: PathBuf,
    /// The trials behind it, where they are at hand.
    pub trials_csv: Option<PathBuf>,
    /// How it was measured, where a manifest tells.
    pub manifest: Option<Box<Manifest<PlanWithoutTrials>>>,
}

impl Source {
    /// Looks at a path: a folder must hold a sweep of a known format version, a
    /// file is taken for a summary.
    ///
    /// # Errors
    /// [`Error::Input`] that names the path and the remedy.
    pub fn open(path: &Path) -> Result<Self> {
        let metadata = fs::metadata(path).map_err(|error| Error::reading(path, &error))?;
        if !metadata.is_dir() {
            return Ok(Self {
                path: path.to_owned(),
                summary_csv: path.to_owned(),
                trials_csv: None,
                manifest: None,
            });
        }
        let manifest = Manifest::read_without_trials(path)?;
        let trials = path.join("trials.csv");
        Ok(Self {
            path: path.to_owned(),
            summary_csv: path.join("summary.csv"),
            trials_csv: trials.is_file().then_some(trials),
            manifest: Some(Box::new(manifest)),
        })
    }
}
