//! Reading numbers, texts and values, never more than the file has.

use std::io::{self, Read};

use super::super::value::{Value, ValueType};

/// No real header comes near it; a larger one is refused before it is read whole.
const MAX_HEADER: u64 = 256 << 20;
/// Longest text kept (chat templates are the longest in practice).
const MAX_STRING: u64 = 16 << 20;
/// Longer arrays are skipped over and only counted.
const KEPT_ELEMENTS: u64 = 1024;
/// Arrays of arrays may go this deep (llama.cpp itself takes none).
const MAX_NESTING: u32 = 4;

/// Why reading stopped.
pub(super) enum Trouble {
    /// The system could not read.
    Io(io::Error),
    /// The file is no usable GGUF file.
    Invalid(String),
}

pub(super) type Outcome<T> = Result<T, Trouble>;

pub(super) fn invalid<T>(problem: impl Into<String>) -> Outcome<T> {
    Err(Trouble::Invalid(problem.into()))
}

/// Reads numbers and texts, and knows how much is left.
pub(super) struct Source<R> {
    inner: R,
    /// Bytes read so far.
    pub(super) at: u64,
    size: u64,
}

impl<R: Read> Source<R> {
    /// A file of `size` bytes.
    pub(super) fn new(inner: R, size: u64) -> Self {
        Self { inner, at: 0, size }
    }

    fn left(&self) -> u64 {
        self.size.min(MAX_HEADER).saturating_sub(self.at)
    }

    /// Takes `len` bytes off what is left, before they are read.
    fn claim(&mut self, len: u64, what: &str) -> Outcome<()> {
        if len > self.left() {
            if self.size > MAX_HEADER && len <= self.size - self.at {
                return invalid(format!("its header is larger than {} MiB (in {what})", MAX_HEADER >> 20));
            }
            return invalid(format!(
                "truncated or corrupt: {what} needs {len} bytes at byte {}, the file has {}",
                self.at, self.size
            ));
        }
        self.at += len;
        Ok(())
    }

    pub(super) fn bytes<const N: usize>(&mut self, what: &str) -> Outcome<[u8; N]> {
        self.claim(N as u64, what)?;
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes).map_err(Trouble::Io)?;
        Ok(bytes)
    }

    pub(super) fn u32(&mut self, what: &str) -> Outcome<u32> {
        self.bytes(what).map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self, what: &str) -> Outcome<u64> {
        self.bytes(what).map(u64::from_le_bytes)
    }

    pub(super) fn string(&mut self, most: u64, what: &str) -> Outcome<String> {
        let len = self.u64(what)?;
        if len > most {
            return invalid(format!("corrupt: {what} is a text of {len} bytes, more than {most}"));
        }
        self.claim(len, what)?;
        // Grows with what is really there.
        let mut bytes = Vec::new();
        let got = (&mut self.inner).take(len).read_to_end(&mut bytes).map_err(Trouble::Io)?;
        if got as u64 != len {
            return invalid(format!("truncated: {what} ends early"));
        }
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    fn skip(&mut self, len: u64, what: &str) -> Outcome<()> {
        self.claim(len, what)?;
        let got = io::copy(&mut (&mut self.inner).take(len), &mut io::sink()).map_err(Trouble::Io)?;
        if got == len { Ok(()) } else { invalid(format!("truncated: {what} ends early")) }
    }

    pub(super) fn value_type(&mut self, what: &str) -> Outcome<ValueType> {
        let id = self.u32(what)?;
        ValueType::from_id(id)
            .map_or_else(|| invalid(format!("corrupt: {what} has unknown value type {id}")), Ok)
    }

    pub(super) fn value(&mut self, value_type: ValueType, depth: u32, what: &str) -> Outcome<Value> {
        Ok(match value_type {
            ValueType::U8 => Value::Unsigned(u8::from_le_bytes(self.bytes(what)?).into()),
            ValueType::I8 => Value::Signed(i8::from_le_bytes(self.bytes(what)?).into()),
            ValueType::U16 => Value::Unsigned(u16::from_le_bytes(self.bytes(what)?).into()),
            ValueType::I16 => Value::Signed(i16::from_le_bytes(self.bytes(what)?).into()),
            ValueType::U32 => Value::Unsigned(self.u32(what)?.into()),
            ValueType::I32 => Value::Signed(i32::from_le_bytes(self.bytes(what)?).into()),
            ValueType::U64 => Value::Unsigned(self.u64(what)?),
            ValueType::I64 => Value::Signed(i64::from_le_bytes(self.bytes(what)?)),
            ValueType::F32 => Value::Float(f32::from_le_bytes(self.bytes(what)?).into()),
            ValueType::F64 => Value::Float(f64::from_le_bytes(self.bytes(what)?)),
            ValueType::Bool => match self.bytes::<1>(what)? {
                [0] => Value::Bool(false),
                [1] => Value::Bool(true),
                [other] => return invalid(format!("corrupt: {what} is a truth value of {other}")),
            },
            ValueType::String => Value::String(self.string(MAX_STRING, what)?),
            ValueType::Array => self.array(depth, what)?,
        })
    }

    fn array(&mut self, depth: u32, what: &str) -> Outcome<Value> {
        if depth >= MAX_NESTING {
            return invalid(format!("{what} nests arrays more than {MAX_NESTING} deep"));
        }
        let element = self.value_type(what)?;
        let len = self.u64(what)?;
        if len.checked_mul(element.least_bytes()).is_none_or(|bytes| bytes > self.left()) {
            return invalid(format!(
                "truncated or corrupt: {what} is an array of {len} values at byte {}, the file has {} bytes",
                self.at, self.size
            ));
        }
        if len <= KEPT_ELEMENTS {
            let mut values = Vec::new();
            for _ in 0..len {
                values.push(self.value(element, depth + 1, what)?);
            }
            return Ok(Value::Array(values));
        }
        match element {
            ValueType::String => {
                for _ in 0..len {
                    let bytes = self.u64(what)?;
                    self.skip(bytes, what)?;
                }
            }
            ValueType::Array => {
                for _ in 0..len {
                    self.array(depth + 1, what)?;
                }
            }
            // Checked above to fit.
            _ => self.skip(len * element.least_bytes(), what)?,
        }
        Ok(Value::LongArray { element, len })
    }
}
