//! The fields of a record, read one after another.

use super::{column::Column, value::Value};
use csv::StringRecord;

/// A value that cannot stand where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The column's name.
    pub column: &'static str,
    /// What is wrong, in a few words.
    pub why: String,
}

impl Fault {
    /// A fault of a column.
    pub fn new(column: &'static str, why: impl Into<String>) -> Self {
        Self { column, why: why.into() }
    }
}

/// The fields of a record, in the order of the table's columns.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    columns: std::slice::Iter<'static, Column>,
    places: std::slice::Iter<'a, Option<usize>>,
    record: &'a StringRecord,
}

impl<'a> Fields<'a> {
    /// The fields of `record`; `places` tells where each of the columns stands in it.
    pub(super) fn new(
        columns: &'static [Column],
        places: &'a [Option<usize>],
        record: &'a StringRecord,
    ) -> Self {
        Self { columns: columns.iter(), places: places.iter(), record }
    }

    /// The value of the next column; a column that the file has not is empty.
    pub(super) fn next<T: Value>(&mut self) -> Result<T, Fault> {
        let (Some(column), Some(place)) = (self.columns.next(), self.places.next()) else {
            return Err(Fault::new("", "the table has no more columns"));
        };
        let field = place.and_then(|place| self.record.get(place)).unwrap_or_default();
        let value = column.parse(field).and_then(T::from_scalar);
        value.map_err(|why| Fault::new(column.name, why))
    }
}
