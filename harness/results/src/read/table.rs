//! Reading a table row by row, with errors that name the place.

use crate::schema::{Fault, Layout, Row};
use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};
use slm_plan::{
    error::{Error, Result},
    plain_text::Utf8Reader,
};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

const REMEDY: &str = "give a file that `bench sweep` wrote, or mend it as docs/results-format.md says";

/// Opens a text file, however it is written.
pub(crate) fn open(path: &Path) -> Result<Utf8Reader<File>> {
    File::open(path).and_then(Utf8Reader::new).map_err(|error| Error::reading(path, &error))
}

/// An open CSV file whose header is known to have the columns needed.
pub(crate) struct Records<R> {
    path: PathBuf,
    reader: Reader<R>,
    headers: StringRecord,
    record: StringRecord,
}

impl<R: Read> Records<R> {
    /// Reads the header. `path` is only named.
    pub(crate) fn new(path: &Path, input: R, needed: &[&str]) -> Result<Self> {
        let mut reader = ReaderBuilder::new().buffer_capacity(1 << 18).from_reader(input);
        let headers = reader.headers().map_err(|error| broken(path, &error, None))?.clone();
        if headers.iter().all(str::is_empty) {
            return Err(Error::input(format!("{} is empty", path.display()), REMEDY));
        }
        let missing: Vec<&str> =
            needed.iter().copied().filter(|name| headers.iter().all(|header| header != *name)).collect();
        if !missing.is_empty() {
            let (s, names) = (if missing.len() > 1 { "s" } else { "" }, missing.join(", "));
            let what = format!("{}, line 1: missing column{s} {names}", path.display());
            return Err(Error::input(what, REMEDY));
        }
        for (index, name) in headers.iter().enumerate() {
            if headers.iter().skip(index + 1).any(|other| other == name) && needed.contains(&name) {
                let what = format!("{}, line 1: column {name} is there twice", path.display());
                return Err(Error::input(what, REMEDY));
            }
        }
        Ok(Self { path: path.to_owned(), reader, headers, record: StringRecord::new() })
    }

    /// The header's fields.
    pub(crate) fn headers(&self) -> &StringRecord {
        &self.headers
    }

    /// Goes to the next record; `None` at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<&StringRecord>> {
        let more = self.reader.read_record(&mut self.record);
        let more = more.map_err(|error| broken(&self.path, &error, Some(&self.headers)))?;
        Ok(more.then_some(&self.record))
    }

    /// Line of the record at hand; the header is line 1.
    pub(crate) fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The rows of a table, read and checked one by one.
pub struct Rows<T, R = Utf8Reader<File>> {
    records: Records<R>,
    layout: Layout<T>,
}

impl<T: Row, R: Read> Rows<T, R> {
    /// Rows of any reader; `path` is only named in errors.
    ///
    /// # Errors
    /// [`Error::Input`] when the header has not every column of the table.
    pub fn new(path: &Path, input: R) -> Result<Self> {
        let all: Vec<&str> = T::TABLE.columns.iter().map(|column| column.name).collect();
        Self::with_columns(path, input, &all)
    }

    /// The same, of a file that may leave out all columns but those needed.
    pub(super) fn with_columns(path: &Path, input: R, needed: &[&str]) -> Result<Self> {
        let records = Records::new(path, input, needed)?;
        let layout = Layout::of(records.headers().iter());
        Ok(Self { records, layout })
    }

    /// Line of the row that came last; the header is line 1.
    pub(super) fn line(&self) -> u64 {
        self.records.line()
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        self.records.path()
    }
}

impl<T: Row, R: Read> Iterator for Rows<T, R> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        let row = match self.records.next() {
            Ok(None) => return None,
            Ok(Some(record)) => self.layout.row(record),
            Err(error) => return Some(Err(error)),
        };
        Some(row.map_err(|fault| bad(self.path(), self.line(), &fault)))
    }
}

/// Opens a table of a results folder, or its file by itself.
///
/// # Errors
/// [`Error::Input`] when it cannot be read or has not the table's columns.
pub fn rows<T: Row>(path: &Path) -> Result<Rows<T>> {
    let path = if path.is_dir() { path.join(T::TABLE.file_name()) } else { path.to_owned() };
    Rows::new(&path, open(&path)?)
}

/// A value that cannot stand where it stands.
pub(crate) fn bad(path: &Path, line: u64, fault: &Fault) -> Error {
    let Fault { column, why } = fault;
    Error::input(format!("{}, line {line}, column {column}: {why}", path.display()), REMEDY)
}

/// The csv crate's errors in our words.
fn broken(path: &Path, error: &csv::Error, headers: Option<&StringRecord>) -> Error {
    let line = error.position().map_or(1, csv::Position::line).max(1);
    match error.kind() {
        ErrorKind::Io(error) => Error::reading(path, error),
        ErrorKind::Utf8 { err, .. } => {
            let name = headers.and_then(|headers| headers.get(err.field()));
            let column = name.map_or_else(|| (err.field() + 1).to_string(), str::to_owned);
            let what = format!("{}, line {line}, column {column}: is not UTF-8 text", path.display());
            Error::input(what, REMEDY)
        }
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let what = format!("{}, line {line}: {len} fields where {expected_len} belong", path.display());
            Error::input(what, REMEDY)
        }
        _ => Error::input(format!("{}, line {line}: {error}", path.display()), REMEDY),
    }
}

#[cfg(test)]
mod tests;
