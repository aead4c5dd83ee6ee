//! The values of one column, typed, for a group of rows.

use crate::{
    analysis::{Column, Kind},
    read::shown,
};
use parquet::{
    basic::{LogicalType, Repetition, TimeUnit, Type as Physical},
    data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type},
    errors::Result as ParquetResult,
    file::writer::SerializedColumnWriter,
    schema::types::{Type, TypePtr},
};
use std::{sync::Arc, time::UNIX_EPOCH};

/// Values that are there, and for each row whether one is.
pub(super) struct Values {
    data: Data,
    /// 1 where a value is, 0 where the field is empty.
    there: Vec<i16>,
}

enum Data {
    Text(Vec<ByteArray>),
    Whole(Vec<i64>),
    Number(Vec<f64>),
    Flag(Vec<bool>),
    /// Milliseconds since the Unix epoch.
    Time(Vec<i64>),
}

/// The type of a column in the file's schema. Any value may be missing.
pub(super) fn schema(column: &Column) -> ParquetResult<TypePtr> {
    let (physical, logical) = match column.kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Whole => (Physical::INT64, None),
        Kind::Number => (Physical::DOUBLE, None),
        Kind::Flag => (Physical::BOOLEAN, None),
        Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
    };
    let column = Type::primitive_type_builder(column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical);
    column.build().map(Arc::new)
}

impl Values {
    pub(super) fn new(kind: Kind) -> Self {
        let data = match kind {
            Kind::Text => Data::Text(Vec::new()),
            Kind::Whole => Data::Whole(Vec::new()),
            Kind::Number => Data::Number(Vec::new()),
            Kind::Flag => Data::Flag(Vec::new()),
            Kind::Time => Data::Time(Vec::new()),
        };
        Self { data, there: Vec::new() }
    }

    /// Takes the next row's field in; an empty one is no value.
    ///
    /// # Errors
    /// Why it is none of the column's kind.
    pub(super) fn push(&mut self, field: &str) -> Result<(), String> {
        self.there.push(i16::from(!field.is_empty()));
        if field.is_empty() {
            return Ok(());
        }
        let not = |what: &str| format!("{} is not {what}", shown(field));
        match &mut self.data {
            // Texts repeat from row to row, and share their bytes then.
            Data::Text(texts) => match texts.last() {
                Some(last) if last.data() == field.as_bytes() => texts.push(last.clone()),
                _ => texts.push(field.into()),
            },
            Data::Whole(numbers) => {
                let number = field.parse().ok().filter(|number| *number >= 0);
                numbers.push(number.ok_or_else(|| not("a whole number"))?);
            }
            Data::Number(numbers) => {
                let number = field.parse().ok().filter(|number: &f64| number.is_finite());
                numbers.push(number.ok_or_else(|| not("a number"))?);
            }
            Data::Flag(flags) => flags.push(field.parse().map_err(|_| not("true or false"))?),
            Data::Time(times) => times.push(unix_ms(field).ok_or_else(|| not("a time"))?),
        }
        Ok(())
    }

    /// Writes the values of a row group and forgets them.
    pub(super) fn write(&mut self, into: &mut SerializedColumnWriter<'_>) -> ParquetResult<()> {
        let there = Some(self.there.as_slice());
        match &mut self.data {
            Data::Text(texts) => {
                into.typed::<ByteArrayType>().write_batch(texts, there, None)?;
                texts.clear();
            }
            Data::Whole(numbers) | Data::Time(numbers) => {
                into.typed::<Int64Type>().write_batch(numbers, there, None)?;
                numbers.clear();
            }
            Data::Number(numbers) => {
                into.typed::<DoubleType>().write_batch(numbers, there, None)?;
                numbers.clear();
            }
            Data::Flag(flags) => {
                into.typed::<BoolType>().write_batch(flags, there, None)?;
                flags.clear();
            }
        }
        self.there.clear();
        Ok(())
    }
}

fn unix_ms(text: &str) -> Option<i64> {
    let since = humantime::parse_rfc3339(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}
