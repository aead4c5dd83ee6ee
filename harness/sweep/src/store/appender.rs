//! Tables that grow, as CSV files.

use slm_plan::error::{Error, Result};
use slm_results::schema::{Row, Table};
use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

/// A CSV file that grows. It is built beside its place, so that a rebuild that is
/// cut short leaves the old file; from then on whole batches of rows are appended
/// with one `write` each.
pub(super) struct Appender {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
}

impl Appender {
    /// Begins a table with its header, beside its place.
    pub(super) fn create(folder: &Path, table: &Table) -> Result<Self> {
        let path = folder.join(table.file_name());
        let part = path.with_extension("part");
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&part);
        let file = file.map_err(|error| Error::unwritable(&part, &error))?;
        Ok(Self { path, file, buffer: table.header().into_bytes() })
    }

    /// Adds a row, which is written with others.
    pub(super) fn push(&mut self, row: &impl Row) -> Result<()> {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(&mut self.buffer);
        let written = writer.serialize(row).and_then(|()| Ok(writer.flush()?));
        drop(writer);
        written.map_err(|error| Error::Internal(format!("{}: {error}", self.path.display())))?;
        if self.buffer.len() > 1 << 20 { self.flush() } else { Ok(()) }
    }

    /// Writes what was added.
    pub(super) fn flush(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(&self.buffer);
        self.buffer.clear();
        written.map_err(|error| Error::writing(&self.path, &error))
    }

    /// Writes what was added and puts the table in its place.
    pub(super) fn publish(&mut self) -> Result<()> {
        self.flush()?;
        fs::rename(self.path.with_extension("part"), &self.path)
            .map_err(|error| Error::writing(&self.path, &error))
    }
}
