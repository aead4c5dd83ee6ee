//! What summary and trials have in common: opening a CSV file, finding its
//! columns, and errors that name the place.

use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};
use slm_plan::{
    error::{Error, Result},
    text::clean,
};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

const REMEDY: &str = "give a file that `bench sweep` wrote, or mend it as docs/results-format.md says";

/// An open CSV file whose header is known to have the columns required.
pub(crate) struct Table<R> {
    pub(crate) path: PathBuf,
    pub(crate) reader: Reader<R>,
    pub(crate) headers: StringRecord,
}

/// Opens a file.
pub(crate) fn open(path: &Path, required: &[&str]) -> Result<Table<File>> {
    let file = File::open(path).map_err(|error| Error::reading(path, &error))?;
    Table::new(path, file, required)
}

impl<R: Read> Table<R> {
    /// Reads the header. `path` is only named.
    pub(crate) fn new(path: &Path, input: R, required: &[&str]) -> Result<Self> {
        let mut reader = ReaderBuilder::new().buffer_capacity(1 << 18).from_reader(input);
        let headers = reader.headers().map_err(|error| broken(path, &error, None))?.clone();
        if headers.iter().all(str::is_empty) {
            return Err(Error::input(format!("{} is empty", path.display()), REMEDY));
        }
        let missing: Vec<&str> =
            required.iter().copied().filter(|name| headers.iter().all(|header| header != *name)).collect();
        if !missing.is_empty() {
            let (s, names) = (if missing.len() > 1 { "s" } else { "" }, missing.join(", "));
            let what = format!("{}, line 1: missing column{s} {names}", path.display());
            return Err(Error::input(what, REMEDY));
        }
        for (index, name) in headers.iter().enumerate() {
            if headers.iter().skip(index + 1).any(|other| other == name) && required.contains(&name) {
                let what = format!("{}, line 1: column {name} is there twice", path.display());
                return Err(Error::input(what, REMEDY));
            }
        }
        Ok(Self { path: path.to_owned(), reader, headers })
    }

    /// Where a column stands.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.headers.iter().position(|header| header == name)
    }
}

/// A value that cannot stand where it stands.
pub(crate) fn bad(path: &Path, line: u64, column: &str, why: &str) -> Error {
    Error::input(format!("{}, line {line}, column {column}: {why}", path.display()), REMEDY)
}

/// A value of a file as shown in an error: short and without control characters.
pub(crate) fn shown(value: &str) -> String {
    let mut text: String = clean(value).chars().take(40).collect();
    if text.len() < value.len() {
        text.push('…');
    }
    format!("'{text}'")
}

/// The csv crate's errors in our words.
pub(crate) fn broken(path: &Path, error: &csv::Error, headers: Option<&StringRecord>) -> Error {
    let line = error.position().map_or(1, csv::Position::line).max(1);
    let column = |index: u64| {
        let name = headers.and_then(|headers| headers.get(usize::try_from(index).ok()?));
        name.map_or_else(|| (index + 1).to_string(), str::to_owned)
    };
    match error.kind() {
        ErrorKind::Io(error) => Error::reading(path, error),
        ErrorKind::Utf8 { err, .. } => bad(path, line, &column(err.field() as u64), "is not UTF-8 text"),
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let what = format!("{}, line {line}: {len} fields where {expected_len} belong", path.display());
            Error::input(what, REMEDY)
        }
        ErrorKind::Deserialize { err, .. } => match err.field() {
            Some(index) => bad(path, line, &column(index), &format!("{}", err.kind())),
            None => Error::input(format!("{}, line {line}: {}", path.display(), err.kind()), REMEDY),
        },
        _ => Error::input(format!("{}, line {line}: {error}", path.display()), REMEDY),
    }
}
