//! `bench export`: the tables of results folders in other tools' formats.

mod column;
mod parquet;

pub use self::parquet::write;

use crate::{manifest::Manifest, read::common_name, schema::Table};
use serde::Serialize;
use slm_plan::error::Result;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Its path.
    pub path: PathBuf,
    /// Its rows.
    pub rows: u64,
    /// Its size, bytes.
    pub bytes: u64,
}

/// A results folder to export.
pub(crate) struct Run {
    /// What the column `run` says: the folder's name, or its path where two have one name.
    pub(crate) name: String,
    /// The folder.
    pub(crate) folder: PathBuf,
}

/// Looks at the folders.
fn runs(folders: &[PathBuf]) -> Result<Vec<Run>> {
    let name = |folder: &PathBuf| common_name(std::slice::from_ref(folder));
    let different: BTreeSet<String> = folders.iter().map(name).collect();
    let run = |folder: &PathBuf| {
        // A folder of another format version is refused.
        Manifest::read_without_trials(folder)?;
        let same = different.len() < folders.len();
        let name = if same { folder.display().to_string() } else { name(folder) };
        Ok(Run { name, folder: folder.clone() })
    };
    folders.iter().map(run).collect()
}

impl Run {
    fn table(&self, table: &Table) -> PathBuf {
        Path::new(&self.folder).join(table.file_name())
    }
}

#[cfg(test)]
mod tests;
