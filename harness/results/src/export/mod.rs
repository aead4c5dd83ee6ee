//! `bench export`: the tables of results folders in other tools' formats.

mod column;
mod parquet;

pub use self::parquet::write;

use crate::{
    analysis::{Column, SummaryRow, TelemetryRow, TokenRow, TrialRow},
    read::{Facts, common_name},
};
use serde::Serialize;
use slm_plan::error::Result;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// A table of a results folder.
pub(crate) struct Table {
    /// Its file is this and `.csv`.
    pub(crate) name: &'static str,
    /// Its columns.
    pub(crate) columns: &'static [Column],
}

/// All of them.
pub(crate) const TABLES: [Table; 4] = [
    Table { name: "trials", columns: TrialRow::COLUMNS },
    Table { name: "tokens", columns: TokenRow::COLUMNS },
    Table { name: "telemetry", columns: TelemetryRow::COLUMNS },
    Table { name: "summary", columns: SummaryRow::COLUMNS },
];

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
    /// Its device, where it has one: format 1.0 does not name it in every table.
    pub(crate) only_device: Option<String>,
}

/// Looks at the folders.
fn runs(folders: &[PathBuf]) -> Result<Vec<Run>> {
    let name = |folder: &PathBuf| common_name(std::slice::from_ref(folder));
    let different: BTreeSet<String> = folders.iter().map(name).collect();
    let run = |folder: &PathBuf| {
        let devices = Facts::read(folder)?.plan.input.devices;
        let same = different.len() < folders.len();
        Ok(Run {
            name: if same { folder.display().to_string() } else { name(folder) },
            folder: folder.clone(),
            only_device: if let [one] = &devices[..] { Some(one.clone()) } else { None },
        })
    };
    folders.iter().map(run).collect()
}

impl Run {
    fn table(&self, table: &Table) -> PathBuf {
        Path::new(&self.folder).join(table.name).with_extension("csv")
    }
}

#[cfg(test)]
mod tests;
