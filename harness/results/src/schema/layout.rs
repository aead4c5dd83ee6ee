//! Where a table's columns stand in a file.

use super::{
    fields::{Fault, Fields},
    row::{Row, Table},
};
use csv::StringRecord;
use std::marker::PhantomData;

/// Where the columns of a table stand in a file. Files may have them in another order, and
/// others beside them.
#[derive(Clone, Debug)]
pub struct Layout<T> {
    places: Vec<Option<usize>>,
    row: PhantomData<T>,
}

impl<T: Row> Layout<T> {
    /// Looks the columns up in a header.
    pub fn of<'a>(header: impl Iterator<Item = &'a str> + Clone) -> Self {
        Self { places: places(&T::TABLE, header), row: PhantomData }
    }

    /// Whether every column is there.
    pub fn is_whole(&self) -> bool {
        self.places.iter().all(Option::is_some)
    }

    /// The row of a record. A column that the file has not is empty throughout.
    ///
    /// # Errors
    /// The first value that cannot stand where it stands.
    pub fn row(&self, record: &StringRecord) -> Result<T, Fault> {
        let row = T::read(&mut Fields::new(T::TABLE.columns, &self.places, record))?;
        row.check()?;
        Ok(row)
    }
}

/// The place of each of a table's columns in a header.
pub(crate) fn places<'a>(table: &Table, header: impl Iterator<Item = &'a str> + Clone) -> Vec<Option<usize>> {
    let place = |name| header.clone().position(|other| other == name);
    table.columns.iter().map(|column| place(column.name)).collect()
}
