//! Parquet: typed columns, an empty field as null, one file for each table, with a
//! column `run` in front, so that the sweeps of many phones lie in one file.

use super::{
    Run, Written,
    column::{Values, schema},
    runs,
};
use crate::{
    read::{Records, bad, open},
    schema::{Column, Fault, Kind, Range, Scalar, TABLES, Table, places},
};
use parquet::{
    basic::Compression,
    errors::ParquetError,
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::types::Type,
};
use slm_plan::error::{Error, Result};
use std::{
    fs::{self, File},
    io::BufWriter,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Rows that are held in memory and written as one group.
const GROUP: usize = 1 << 16;

/// In front of every table's own columns.
const RUN: Column = Column {
    name: "sweep",
    kind: Kind::Text,
    names: &[],
    nullable: false,
    unit: None,
    range: Range::Any,
    meaning: &["The results folder"],
};

/// Writes the tables of results folders as Parquet files into a folder, which is
/// made if need be. Each file is whole or not there.
///
/// # Errors
/// [`Error::Input`] naming file, line and column of what is no value of its column;
/// or when the folder cannot be written.
pub fn write(folders: &[PathBuf], out: &Path) -> Result<Vec<Written>> {
    let runs = runs(folders)?;
    fs::create_dir_all(out).map_err(|error| Error::unwritable(out, &error))?;
    TABLES.into_iter().map(|table| write_table(table, &runs, out)).collect()
}

fn write_table(table: &Table, runs: &[Run], out: &Path) -> Result<Written> {
    let path = out.join(table.name).with_extension("parquet");
    let part = path.with_extension("part");
    let written = fill(table, runs, &part).and_then(|rows| {
        fs::rename(&part, &path).map_err(|error| Error::writing(&path, &error))?;
        let bytes = fs::metadata(&path).map_err(|error| Error::reading(&path, &error))?.len();
        Ok(Written { path, rows, bytes })
    });
    if written.is_err() {
        // What is left of it is of no use; the error says why.
        let _ = fs::remove_file(&part);
    }
    written
}

fn fill(table: &Table, runs: &[Run], path: &Path) -> Result<u64> {
    let failed = |error: ParquetError| match error {
        ParquetError::External(error) if error.is::<std::io::Error>() => {
            Error::writing(path, error.downcast_ref().unwrap_or(&std::io::ErrorKind::Other.into()))
        }
        error => Error::Internal(format!("{}: {error}", path.display())),
    };
    let columns: Vec<Column> = std::iter::once(RUN).chain(table.columns.iter().copied()).collect();
    let fields = columns.iter().map(schema).collect::<std::result::Result<_, _>>().map_err(failed)?;
    let root = Type::group_type_builder(table.name).with_fields(fields).build().map_err(failed)?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
    let file = File::create(path).map_err(|error| Error::unwritable(path, &error))?;
    let writer = SerializedFileWriter::new(BufWriter::new(file), root.into(), Arc::new(properties.build()));
    let values = columns.iter().map(Values::new).collect();
    let mut group = Group { writer: writer.map_err(failed)?, values, rows: 0, all: 0 };
    for run in runs {
        read(table, run, &mut group, &failed)?;
    }
    group.flush().map_err(failed)?;
    let rows = group.all;
    group.writer.close().map_err(failed)?;
    Ok(rows)
}

/// The rows that are held, and the file that they go to.
struct Group {
    writer: SerializedFileWriter<BufWriter<File>>,
    values: Vec<Values>,
    rows: usize,
    all: u64,
}

impl Group {
    fn flush(&mut self) -> std::result::Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for values in &mut self.values {
            let Some(mut column) = group.next_column()? else { break };
            values.write(&mut column)?;
            column.close()?;
        }
        group.close()?;
        self.all += self.rows as u64;
        self.rows = 0;
        Ok(())
    }
}

/// Streams a table of one run into the group.
fn read(table: &Table, run: &Run, group: &mut Group, failed: &dyn Fn(ParquetError) -> Error) -> Result<()> {
    let path = run.table(table);
    let all: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let mut records = Records::new(&path, open(&path)?, &all)?;
    let places = places(table, records.headers().iter());
    while let Some(record) = records.next()? {
        let line = record.position().map_or(0, csv::Position::line);
        let mut values = group.values.iter_mut();
        let Some(names) = values.next() else { return Ok(()) };
        names.push(Scalar::Text(&run.name));
        for ((column, place), values) in table.columns.iter().zip(&places).zip(values) {
            let field = place.and_then(|place| record.get(place)).unwrap_or_default();
            let value = column.parse(field);
            values.push(value.map_err(|why| bad(&path, line, &Fault::new(column.name, why)))?);
        }
        group.rows += 1;
        if group.rows == GROUP {
            group.flush().map_err(failed)?;
        }
    }
    Ok(())
}
