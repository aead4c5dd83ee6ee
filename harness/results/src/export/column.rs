//! The values of one column, typed, for a group of rows.

use crate::schema::{Column, Kind, Scalar};
use parquet::{
    basic::{LogicalType, Repetition, TimeUnit, Type as Physical},
    data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type},
    errors::Result as ParquetResult,
    file::writer::SerializedColumnWriter,
    schema::types::{Type, TypePtr},
};
use std::sync::Arc;

/// Values that are there, and for each row whether one is.
pub(super) struct Values {
    data: Data,
    /// 1 where a value is, 0 where the field is empty; `None` for a column that may not be.
    there: Option<Vec<i16>>,
}

enum Data {
    Text(Vec<ByteArray>),
    Whole(Vec<i64>),
    Number(Vec<f64>),
    Flag(Vec<bool>),
    /// Milliseconds since the Unix epoch.
    Time(Vec<i64>),
}

/// The type of a column in the file's schema.
pub(super) fn schema(column: &Column) -> ParquetResult<TypePtr> {
    let (physical, logical) = match column.kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Whole => (Physical::INT64, None),
        Kind::Number => (Physical::DOUBLE, None),
        Kind::Flag => (Physical::BOOLEAN, None),
        Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
    };
    let repetition = if column.nullable { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    let column = Type::primitive_type_builder(column.name, physical)
        .with_repetition(repetition)
        .with_logical_type(logical);
    column.build().map(Arc::new)
}

impl Values {
    pub(super) fn new(column: &Column) -> Self {
        let data = match column.kind {
            Kind::Text => Data::Text(Vec::new()),
            Kind::Whole => Data::Whole(Vec::new()),
            Kind::Number => Data::Number(Vec::new()),
            Kind::Flag => Data::Flag(Vec::new()),
            Kind::Time => Data::Time(Vec::new()),
        };
        Self { data, there: column.nullable.then(Vec::new) }
    }

    /// Takes the next row's value in, which is of the column's kind.
    pub(super) fn push(&mut self, value: Scalar<'_>) {
        if let Some(there) = &mut self.there {
            there.push(i16::from(value != Scalar::Empty));
        }
        match (&mut self.data, value) {
            // Texts repeat from row to row, and share their bytes then.
            (Data::Text(texts), Scalar::Text(text)) => match texts.last() {
                Some(last) if last.data() == text.as_bytes() => texts.push(last.clone()),
                _ => texts.push(text.into()),
            },
            (Data::Whole(numbers), Scalar::Whole(number)) => numbers.push(number.cast_signed()),
            (Data::Number(numbers), Scalar::Number(number)) => numbers.push(number),
            (Data::Flag(flags), Scalar::Flag(flag)) => flags.push(flag),
            (Data::Time(times), Scalar::Time(time)) => times.push((time.unix_ns / 1_000_000).cast_signed()),
            // Empty; a column lets no other kind pass.
            _ => {}
        }
    }

    /// Writes the values of a row group and forgets them.
    pub(super) fn write(&mut self, into: &mut SerializedColumnWriter<'_>) -> ParquetResult<()> {
        let there = self.there.as_deref();
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
        if let Some(there) = &mut self.there {
            there.clear();
        }
        Ok(())
    }
}
