//! The results folder. `events.jsonl` is the source of truth: every event is
//! appended and flushed. The tables are derived from plan and events, kept up to
//! date after every trial, and rebuilt when a sweep is resumed.

mod appender;
mod hindsight;
mod log;
mod record;
mod recorded;
mod tables;

pub use record::{Record, SweepEvent};
pub use recorded::Recorded;
pub use tables::Tables;

use log::EventLog;
use slm_device::lock::Lock;
use slm_plan::error::{Error, Result};
use slm_results::manifest::Manifest;
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

/// Name of the file that marks a folder as in use.
const LOCK: &str = ".lock";

/// An open results folder, locked against a second sweep.
pub struct Store {
    folder: PathBuf,
    log: EventLog,
    tables: Tables,
    recorded: BTreeMap<String, Recorded>,
    _lock: Lock,
}

impl Store {
    /// Creates a folder for a new sweep and opens every file in it, so that what
    /// cannot be written is known before anything is measured.
    ///
    /// # Errors
    /// [`Error::Input`] when the folder has content or cannot be written.
    pub fn create(folder: &Path, manifest: &Manifest) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|error| Error::unwritable(folder, &error))?;
        Self::check_is_free(folder)?;
        let lock = Lock::take(&folder.join(LOCK))?;
        manifest.write(folder)?;
        let log = EventLog::create(&folder.join("events.jsonl"))?;
        let tables = Tables::create(folder, manifest, &[])?;
        Ok(Self { folder: folder.to_owned(), log, tables, recorded: BTreeMap::new(), _lock: lock })
    }

    /// Whether a new sweep could have this folder, as far as can be told without writing.
    ///
    /// # Errors
    /// [`Error::Input`] when it has content or cannot be read.
    pub fn check_is_free(folder: &Path) -> Result<()> {
        if !folder.exists() {
            return Ok(());
        }
        let entries = fs::read_dir(folder).map_err(|error| Error::unwritable(folder, &error))?;
        // What a bench leaves that was killed before it wrote its manifest is nothing.
        let is_content =
            |name: &OsStr| name != LOCK && Path::new(name).extension() != Some(OsStr::new("part"));
        if entries.flatten().any(|entry| is_content(&entry.file_name())) {
            let what = format!("{} is not empty", folder.display());
            return Err(Error::input(
                what,
                "choose another folder, or go on with --resume if it holds a sweep",
            ));
        }
        Ok(())
    }

    /// Opens the folder of an interrupted sweep: drops a torn last event, rebuilds
    /// the tables from the others.
    ///
    /// # Errors
    /// [`Error::Input`] when it is no sweep's folder, of another format version, or
    /// in use by another process.
    pub fn resume(folder: &Path) -> Result<(Self, Manifest)> {
        let manifest = Manifest::read(folder)?;
        let lock = Lock::take(&folder.join(LOCK))?;
        let (log, records) = EventLog::reopen(&folder.join("events.jsonl"))?;
        let recorded = |device: &String| Some((device.clone(), Recorded::of(device, &records)?));
        let recorded = manifest.plan.input.devices.iter().filter_map(recorded).collect();
        let tables = Tables::create(folder, &manifest, &records)?;
        Ok((Self { folder: folder.to_owned(), log, tables, recorded, _lock: lock }, manifest))
    }

    /// Records one event, then brings the tables up to date.
    ///
    /// # Errors
    /// [`Error::Internal`]: recording is the product, so the sweep stops.
    pub fn record(&mut self, event: &SweepEvent) -> Result<()> {
        self.log.append(event)?;
        self.tables.apply(event)
    }

    /// How much of the last agent's report on a device earlier runs recorded.
    pub fn recorded(&self, device: &str) -> Option<&Recorded> {
        self.recorded.get(device)
    }

    /// What is known so far.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}
