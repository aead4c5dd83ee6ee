//! The columns of the CSV files. Each is written down once, as a field of its row;
//! writers, readers and other formats take names, order and kinds from there.

use super::{Status, Verdict};
use serde::{Serialize, Serializer};
use slm_protocol::Failure;
use std::{
    fmt,
    time::{Duration, UNIX_EPOCH},
};

/// What a column holds. Any field may be empty: unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number, not negative.
    Whole,
    /// A finite number.
    Number,
    /// `true` or `false`.
    Flag,
    /// A moment, RFC 3339 in UTC.
    Time,
}

/// A column of a CSV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in the header.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

impl Column {
    /// The column that a field of a row becomes.
    pub const fn of<T: Field>(name: &'static str) -> Self {
        Self { name, kind: T::KIND }
    }
}

/// A type that stands in a field of a row.
pub trait Field {
    /// What its column holds.
    const KIND: Kind;
}

macro_rules! fields {
    ($($kind:ident: $($name:ty),+;)+) => { $($(impl Field for $name { const KIND: Kind = Kind::$kind; })+)+ };
}

fields! {
    Text: String, &str, Status, Failure, Verdict;
    Whole: u8, u32, u64, usize;
    Number: f64;
    Flag: bool;
    Time: UtcTime;
}

impl<T: Field> Field for Option<T> {
    const KIND: Kind = T::KIND;
}

/// A moment; in the files RFC 3339 in UTC, to the millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UtcTime {
    /// Nanoseconds since the Unix epoch.
    pub unix_ns: u64,
}

impl fmt::Display for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_nanos(self.unix_ns)).fmt(f)
    }
}

impl Serialize for UtcTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The header line of a table.
pub fn header(columns: &[Column]) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    names.join(",") + "\n"
}

/// Where a column stands. For constants: a name that no column has does not compile.
///
/// # Panics
/// When there is no such column.
pub const fn position(columns: &[Column], name: &str) -> usize {
    let mut index = 0;
    while index < columns.len() {
        if is_same(columns[index].name, name) {
            return index;
        }
        index += 1;
    }
    panic!("no such column")
}

const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut index = 0;
    while index < a.len() && index < b.len() && a[index] == b[index] {
        index += 1;
    }
    index == a.len() && index == b.len()
}

/// A struct that is a row of a table, with the list of its columns.
macro_rules! row {
    (
        $(#[$attribute:meta])*
        pub struct $row:ident $(<$life:lifetime>)? { $($(#[$doc:meta])* pub $field:ident: $type:ty,)+ }
    ) => {
        $(#[$attribute])*
        pub struct $row $(<$life>)? { $($(#[$doc])* pub $field: $type,)+ }

        impl $(<$life>)? $row $(<$life>)? {
            /// The table's columns, in order.
            pub const COLUMNS: &'static [$crate::analysis::Column] =
                &[$($crate::analysis::Column::of::<$type>(stringify!($field)),)+];
        }
    };
}
pub(super) use row;

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[Column::of::<u8>("a"), Column::of::<Option<UtcTime>>("ab")];

    #[test]
    fn columns_are_found_by_name() {
        assert_eq!(const { [position(COLUMNS, "a"), position(COLUMNS, "ab")] }, [0, 1]);
        assert_eq!((COLUMNS[0].kind, COLUMNS[1].kind), (Kind::Whole, Kind::Time));
        assert_eq!(header(COLUMNS), "a,ab\n");
    }

    #[test]
    fn moments_are_written_in_utc() {
        let time = UtcTime { unix_ns: 1_700_000_000_123_456_789 };
        assert_eq!(serde_json::to_string(&time).unwrap(), "\"2023-11-14T22:13:20.123Z\"");
    }
}
