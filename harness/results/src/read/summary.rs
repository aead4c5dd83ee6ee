//! `summary.csv`, of a sweep or of a baseline.

use super::{
    Cell, Context, Key, Source, check,
    table::{self, Table, bad, broken, shown},
};
use crate::analysis::{Kind, SummaryRow};
use csv::{ErrorKind, StringRecord};
use slm_plan::error::{Error, Result};
use std::{
    collections::{HashMap, hash_map::Entry},
    io::Read,
    path::Path,
};

/// Columns that a summary must have; any other may be missing.
const REQUIRED: [&str; 10] =
    ["device", "backend", "model", "weights", "quant", "chunks", "itps", "otps", "ttft_s", "runtime_s"];

/// A summary that was read and checked; at least one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Where it comes from.
    pub source: Source,
    /// Its cells, in the order of the file.
    pub cells: Vec<Cell>,
}

impl Summary {
    /// Reads a results folder or a summary CSV.
    ///
    /// # Errors
    /// [`Error::Input`] in one line: file, line, column, what is wrong, the remedy.
    pub fn read(path: &Path) -> Result<Self> {
        let source = Source::open(path)?;
        let table = table::open(&source.summary_csv, &REQUIRED)?;
        let cells = cells(table)?;
        Ok(Self { source, cells })
    }

    /// The cells of a summary's text; `path` is only named in errors.
    ///
    /// # Errors
    /// As for [`Summary::read`].
    pub fn cells_from(path: &Path, input: impl Read) -> Result<Vec<Cell>> {
        cells(Table::new(path, input, &REQUIRED)?)
    }

    /// A cell by its key.
    pub fn find(&self, key: &Key) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.key == *key)
    }
}

fn cells<R: Read>(mut table: Table<R>) -> Result<Vec<Cell>> {
    let (mut cells, mut seen) = (Vec::new(), HashMap::new());
    let mut record = StringRecord::new();
    loop {
        let more = table.reader.read_record(&mut record);
        if !more.map_err(|error| broken(&table.path, &error, Some(&table.headers)))? {
            break;
        }
        let line = record.position().map_or(0, csv::Position::line);
        let row: SummaryRow =
            record.deserialize(Some(&table.headers)).map_err(|error| wrong_type(&table, &record, &error))?;
        let cell = check::cell(row).map_err(|(column, why)| bad(&table.path, line, column, &why))?;
        if cell.key.context != Context::Unknown {
            match seen.entry(cell.key.clone()) {
                Entry::Occupied(first) => return Err(duplicate(&table, line, *first.get(), &cell.key)),
                Entry::Vacant(place) => place.insert(line),
            };
        }
        cells.push(cell);
    }
    if cells.is_empty() {
        let what = format!("{} has a header and no rows", table.path.display());
        return Err(Error::input(what, "give a summary with at least one cell"));
    }
    Ok(cells)
}

/// A field that is not of its column's type, with what stands there.
fn wrong_type<R: Read>(table: &Table<R>, record: &StringRecord, error: &csv::Error) -> Error {
    if let ErrorKind::Deserialize { err, .. } = error.kind()
        // Serde does not tell the place of an unknown variant; `failure` is the only column that has any.
        && let Some(index) =
            err.field().map_or_else(|| table.column("failure"), |index| usize::try_from(index).ok())
        && let (Some(column), Some(value)) = (table.headers.get(index), record.get(index))
    {
        let line = record.position().map_or(0, csv::Position::line);
        let kind = SummaryRow::COLUMNS.iter().find(|known| known.name == column).map(|known| known.kind);
        let wanted = match kind {
            Some(Kind::Text) => "a kind of failure",
            Some(Kind::Whole) => "a whole number",
            _ => "a number",
        };
        return bad(&table.path, line, column, &format!("{} is not {wanted}", shown(value)));
    }
    broken(&table.path, error, Some(&table.headers))
}

fn duplicate<R: Read>(table: &Table<R>, line: u64, first: u64, key: &Key) -> Error {
    let context = match key.context {
        Context::Chunks(_) => "chunks",
        _ if table.column("prompt_tokens").is_some() => "prompt_tokens",
        _ => "n_in",
    };
    let why = format!("the cell {} at {} stands in line {first} already", shown(&key.model), key.context);
    bad(&table.path, line, context, &why)
}

#[cfg(test)]
mod tests;
