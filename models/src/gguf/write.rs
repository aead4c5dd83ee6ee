//! The header of a GGUF v3 file, built in memory (its vocabulary makes it 2 MB).

use super::MAGIC;
use super::value::ValueType;
use crate::TensorSpec;
use crate::tensors::ALIGNMENT;

const VERSION: u32 = 3;

/// Collects metadata, then encodes them with the list of tensors.
#[derive(Default)]
pub struct HeaderWriter {
    metadata: Vec<u8>,
    count: u64,
}

/// Lengths in memory always fit 64 bits.
fn length(len: usize) -> [u8; 8] {
    (len as u64).to_le_bytes()
}

fn string(out: &mut Vec<u8>, text: &str) {
    out.extend(length(text.len()));
    out.extend(text.as_bytes());
}

impl HeaderWriter {
    fn key(&mut self, key: &str, value_type: ValueType) {
        string(&mut self.metadata, key);
        self.metadata.extend(value_type.id().to_le_bytes());
        self.count += 1;
    }

    /// Adds a 32-bit unsigned integer.
    pub fn u32(&mut self, key: &str, value: u32) {
        self.key(key, ValueType::U32);
        self.metadata.extend(value.to_le_bytes());
    }

    /// Adds a 64-bit unsigned integer.
    pub fn u64(&mut self, key: &str, value: u64) {
        self.key(key, ValueType::U64);
        self.metadata.extend(value.to_le_bytes());
    }

    /// Adds a 32-bit float.
    pub fn f32(&mut self, key: &str, value: f32) {
        self.key(key, ValueType::F32);
        self.metadata.extend(value.to_le_bytes());
    }

    /// Adds a truth value.
    pub fn bool(&mut self, key: &str, value: bool) {
        self.key(key, ValueType::Bool);
        self.metadata.push(u8::from(value));
    }

    /// Adds text.
    pub fn str(&mut self, key: &str, value: &str) {
        self.key(key, ValueType::String);
        string(&mut self.metadata, value);
    }

    fn array(&mut self, key: &str, element: ValueType, len: usize) {
        self.key(key, ValueType::Array);
        self.metadata.extend(element.id().to_le_bytes());
        self.metadata.extend(length(len));
    }

    /// Adds an array of 32-bit unsigned integers.
    pub fn u32s(&mut self, key: &str, values: &[u32]) {
        self.array(key, ValueType::U32, values.len());
        self.metadata.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }

    /// Adds an array of 32-bit integers.
    pub fn i32s(&mut self, key: &str, values: &[i32]) {
        self.array(key, ValueType::I32, values.len());
        self.metadata.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }

    /// Adds an array of 32-bit floats.
    pub fn f32s(&mut self, key: &str, values: &[f32]) {
        self.array(key, ValueType::F32, values.len());
        self.metadata.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }

    /// Adds an array of texts.
    pub fn strs(&mut self, key: &str, values: &[String]) {
        self.array(key, ValueType::String, values.len());
        for value in values {
            string(&mut self.metadata, value);
        }
    }

    /// The whole header, padded to where tensor data begin.
    pub fn finish(self, tensors: &[TensorSpec]) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.metadata.len() + 128 * tensors.len());
        out.extend(MAGIC);
        out.extend(VERSION.to_le_bytes());
        out.extend(length(tensors.len()));
        out.extend(self.count.to_le_bytes());
        out.extend(self.metadata);
        let mut offset = 0_u64;
        for tensor in tensors {
            string(&mut out, &tensor.name);
            // One or two dimensions.
            out.extend(u32::try_from(tensor.dims.len()).unwrap_or(0).to_le_bytes());
            out.extend(tensor.dims.iter().flat_map(|dim| dim.to_le_bytes()));
            out.extend(tensor.ggml_type.id().to_le_bytes());
            out.extend(offset.to_le_bytes());
            offset += tensor.bytes().next_multiple_of(ALIGNMENT.into());
        }
        while !(out.len() as u64).is_multiple_of(ALIGNMENT.into()) {
            out.push(0);
        }
        out
    }
}
