//! A struct that is a row of a table: the declaration of the table's columns.

use super::{
    column::Column,
    fields::{Fault, Fields},
};
use serde::Serialize;

/// A table of a results folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its file is this and `.csv`.
    pub name: &'static str,
    /// What a row is, line by line.
    pub meaning: &'static [&'static str],
    /// Its columns, in order.
    pub columns: &'static [Column],
}

impl Table {
    /// Name of its file.
    pub fn file_name(&self) -> String {
        format!("{}.csv", self.name)
    }

    /// The header line.
    pub fn header(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        names.join(",") + "\n"
    }
}

/// A row of a table. Its serialisation has the columns' names and order.
pub trait Row: Check + Serialize {
    /// The table.
    const TABLE: Table;

    /// Reads the fields of a record.
    ///
    /// # Errors
    /// The first value that cannot stand where it stands.
    fn read(fields: &mut Fields<'_>) -> Result<Self, Fault>;
}

/// What the values of one row must have in common.
pub trait Check: Sized {
    /// Checks the values against each other.
    ///
    /// # Errors
    /// The first value that contradicts another.
    fn check(&self) -> Result<(), Fault> {
        Ok(())
    }
}

/// Declares a table: a struct whose fields are its columns, in order. A field's comment is
/// the column's meaning, its type tells kind and whether a field may be empty, and the
/// brackets the unit and, for numbers, the [`Range`](super::Range); without one any number
/// may stand there.
macro_rules! table {
    (
        $(#[doc = $about:literal])+
        $(#[derive($derive:ident)])?
        pub struct $row:ident in $name:literal {
            $($(#[doc = $meaning:literal])+ pub $field:ident: $type:ty $([$unit:literal $(, $range:ident)?])?,)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, serde::Serialize $(, $derive)?)]
        pub struct $row { $($(#[doc = $meaning])+ pub $field: $type,)+ }

        impl $crate::schema::row::Row for $row {
            const TABLE: $crate::schema::row::Table = $crate::schema::row::Table {
                name: $name,
                meaning: &[$($about),+],
                columns: &[$($crate::schema::column::Column {
                    name: stringify!($field),
                    kind: <$type as $crate::schema::value::Value>::KIND,
                    names: <$type as $crate::schema::value::Value>::NAMES,
                    nullable: <$type as $crate::schema::value::Value>::NULLABLE,
                    unit: $crate::schema::row::unit!($($unit)?),
                    range: $crate::schema::row::range!($($($range)?)?),
                    meaning: &[$($meaning),+],
                },)+],
            };

            fn read(
                fields: &mut $crate::schema::fields::Fields<'_>,
            ) -> Result<Self, $crate::schema::fields::Fault> {
                Ok(Self { $($field: fields.next()?,)+ })
            }
        }
    };
}

macro_rules! unit {
    () => {
        None
    };
    ($unit:literal) => {
        Some($unit)
    };
}

macro_rules! range {
    () => {
        $crate::schema::column::Range::Any
    };
    ($range:ident) => {
        $crate::schema::column::Range::$range
    };
}

pub(super) use {range, table, unit};
