//! Metadata values of GGUF files.

use std::fmt;

/// The type of a metadata value, by its number in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it all")]
pub enum ValueType {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    Bool,
    String,
    Array,
    U64,
    I64,
    F64,
}

impl ValueType {
    const ALL: [Self; 13] = [
        Self::U8,
        Self::I8,
        Self::U16,
        Self::I16,
        Self::U32,
        Self::I32,
        Self::F32,
        Self::Bool,
        Self::String,
        Self::Array,
        Self::U64,
        Self::I64,
        Self::F64,
    ];

    /// The type with that number in the file.
    pub fn from_id(id: u32) -> Option<Self> {
        usize::try_from(id).ok().and_then(|index| Self::ALL.get(index)).copied()
    }

    pub(crate) fn id(self) -> u32 {
        // The variants are declared in the order of their numbers.
        self as u32
    }

    /// Bytes of a value in the file; for strings and arrays the least possible.
    pub(crate) fn least_bytes(self) -> u64 {
        match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 | Self::String => 8,
            Self::Array => 12,
        }
    }
}

/// A metadata value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Any unsigned integer.
    Unsigned(u64),
    /// Any signed integer.
    Signed(i64),
    /// Either float.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// Text; bytes that are no UTF-8 are replaced.
    String(String),
    /// A short array.
    Array(Vec<Value>),
    /// An array too long to keep (vocabularies): what it holds and how many.
    LongArray {
        /// Type of the elements.
        element: ValueType,
        /// Number of elements.
        len: u64,
    },
}

impl Value {
    /// The value as a non-negative integer, if it is one.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Unsigned(value) => Some(*value),
            Self::Signed(value) => u64::try_from(*value).ok(),
            _ => None,
        }
    }

    /// The value as text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value as a truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Number of elements, if it is an array.
    pub fn array_len(&self) -> Option<u64> {
        match self {
            Self::Array(values) => u64::try_from(values.len()).ok(),
            Self::LongArray { len, .. } => Some(*len),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(value) => write!(f, "{value}"),
            Self::Signed(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::String(text) => f.write_str(text),
            Self::Array(values) => f.debug_list().entries(values.iter().map(ToString::to_string)).finish(),
            Self::LongArray { element, len } => write!(f, "[{len} x {element:?}]"),
        }
    }
}
