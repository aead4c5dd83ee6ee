//! `summary.csv`, of a sweep or of a baseline.

use super::{
    cell::{Cell, Key},
    check,
    source::Source,
    table::{self, Rows, bad},
};
use crate::schema::{BASELINE, Fault, SummaryRow, shown};
use slm_plan::{
    error::{Error, Result},
    prompts::Context,
};
use std::{
    collections::{HashMap, hash_map::Entry},
    io::Read,
    path::Path,
};

/// A summary that was read and checked; at least one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Where it comes from.
    pub source: Source,
    /// Its cells, in the order of the file.
    pub cells: Vec<Cell>,
}

impl Summary {
    /// Reads a results folder or a summary CSV by itself, which may leave columns out.
    ///
    /// # Errors
    /// [`Error::Input`] in one line: file, line, column, what is wrong, the remedy.
    pub fn read(path: &Path) -> Result<Self> {
        let source = Source::open(path)?;
        let file = table::open(&source.summary_csv)?;
        let cells = match source.manifest {
            Some(_) => cells(Rows::new(&source.summary_csv, file)?)?,
            None => Self::cells_from(&source.summary_csv, file)?,
        };
        Ok(Self { source, cells })
    }

    /// The cells of a summary by itself; `path` is only named in errors.
    ///
    /// # Errors
    /// As for [`Summary::read`].
    pub fn cells_from(path: &Path, input: impl Read) -> Result<Vec<Cell>> {
        cells(Self::rows_from(path, input)?)
    }

    /// The rows of a summary by itself; `path` is only named in errors.
    ///
    /// # Errors
    /// [`Error::Input`] when it has not the columns that a baseline must have.
    pub fn rows_from<R: Read>(path: &Path, input: R) -> Result<Rows<SummaryRow, R>> {
        Rows::with_columns(path, input, &BASELINE)
    }

    /// A cell by its key.
    pub fn find(&self, key: &Key) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.key == *key)
    }
}

fn cells<R: Read>(mut rows: Rows<SummaryRow, R>) -> Result<Vec<Cell>> {
    let (mut cells, mut seen) = (Vec::new(), HashMap::new());
    while let Some(row) = rows.next().transpose()? {
        let line = rows.line();
        let cell = check::cell(row).map_err(|fault| bad(rows.path(), line, &fault))?;
        match seen.entry(cell.key.clone()) {
            Entry::Occupied(first) => return Err(duplicate(rows.path(), line, *first.get(), &cell.key)),
            Entry::Vacant(place) => place.insert(line),
        };
        cells.push(cell);
    }
    if cells.is_empty() {
        let what = format!("{} has a header and no rows", rows.path().display());
        return Err(Error::input(what, "give a summary with at least one cell"));
    }
    Ok(cells)
}

fn duplicate(path: &Path, line: u64, first: u64, key: &Key) -> Error {
    let column = match key.context {
        Context::Chunks(_) => "chunks",
        Context::Tokens(_) => "prompt_tokens",
    };
    let why = format!("the cell {} at {} stands in line {first} already", shown(&key.model), key.context);
    bad(path, line, &Fault::new(column, why))
}

#[cfg(test)]
mod tests;
