//! A strict reader of GGUF headers.
//!
//! The file is not trusted: nothing is allocated by a number it states, every
//! length is checked against the file's size, and a header that contradicts the
//! file is an error that says how.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use super::value::{Value, ValueType};
use super::{MAGIC, keys};
use crate::{GgmlType, Shape, WeightTypes};

/// No real header comes near it; a larger one is refused before it is read whole.
const MAX_HEADER: u64 = 256 << 20;
/// Longest text kept (chat templates are the longest in practice).
const MAX_STRING: u64 = 16 << 20;
/// Longer arrays are skipped over and only counted.
const KEPT_ELEMENTS: u64 = 1024;
/// Arrays of arrays may go this deep (llama.cpp itself takes none).
const MAX_NESTING: u32 = 4;
/// Most dimensions of a tensor (`GGML_MAX_DIMS`).
const MAX_DIMENSIONS: u32 = 4;
/// Largest file that is believed (256 TiB), so that no sum over tensors can overflow.
const MAX_FILE_BYTES: u64 = 1 << 48;
/// Longest name of a tensor (`GGML_MAX_NAME`, less its terminator) and of a key.
const MAX_TENSOR_NAME: u64 = 63;
const MAX_KEY: u64 = 65_535;

/// Why a file's header was refused.
#[derive(Debug, thiserror::Error)]
pub enum GgufError {
    /// The system could not read the file.
    #[error("cannot read {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is no usable GGUF file.
    #[error("{}: {problem}", .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// A tensor as listed in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name.
    pub name: String,
    /// Dimensions, the contiguous one first.
    pub dims: Vec<u64>,
    /// How its elements are stored.
    pub ggml_type: GgmlType,
    /// Where its data begin, in bytes from the start of the data.
    pub offset: u64,
    /// Number of elements.
    pub elements: u64,
    /// Bytes of its data.
    pub bytes: u64,
}

/// The header of a GGUF file.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Version of the format: 2 or 3.
    pub version: u32,
    /// Metadata by key.
    pub metadata: BTreeMap<String, Value>,
    /// Tensors, in the order of the header.
    pub tensors: Vec<TensorInfo>,
    /// Where tensor data begin, in bytes from the start of the file.
    pub data_start: u64,
    /// Size of the whole file.
    pub file_bytes: u64,
}

/// What a header says of the model's shape; `None` where it does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShapeFacts {
    /// Architecture, by llama.cpp's name.
    pub arch: Option<String>,
    /// Transformer blocks.
    pub layers: Option<u64>,
    /// Width of the residual stream.
    pub d_model: Option<u64>,
    /// Attention heads, if all layers have the same number.
    pub heads: Option<u64>,
    /// Key-value heads, if all layers have the same number.
    pub kv_heads: Option<u64>,
    /// Width of one head.
    pub head_dim: Option<u64>,
    /// Width of the feed-forward block, if all layers have the same.
    pub d_ff: Option<u64>,
    /// Tokens of the vocabulary.
    pub vocab: Option<u64>,
    /// Longest context, in tokens.
    pub context: Option<u64>,
}

/// Reads and checks the header of a GGUF file (version 2 or 3, little-endian) and
/// that the file holds all the data it lists.
pub fn read_header(path: &Path) -> Result<Header, GgufError> {
    let header = read_header_of_part(path)?;
    match header.cut_short() {
        None => Ok(header),
        Some(problem) => Err(GgufError::Invalid { path: path.to_owned(), problem }),
    }
}

/// As [`read_header`], but for a file whose data may be cut short: ask
/// [`Header::cut_short`].
pub fn read_header_of_part(path: &Path) -> Result<Header, GgufError> {
    let failed = |trouble| match trouble {
        Trouble::Io(source) => GgufError::Io { path: path.to_owned(), source },
        Trouble::Invalid(problem) => GgufError::Invalid { path: path.to_owned(), problem },
    };
    let file = File::open(path).map_err(|source| failed(Trouble::Io(source)))?;
    let metadata = file.metadata().map_err(|source| failed(Trouble::Io(source)))?;
    if metadata.is_dir() {
        return Err(failed(Trouble::Invalid("is a folder, not a GGUF file".to_owned())));
    }
    parse(BufReader::with_capacity(1 << 16, file), metadata.len()).map_err(failed)
}

enum Trouble {
    Io(io::Error),
    Invalid(String),
}

type Outcome<T> = Result<T, Trouble>;

fn invalid<T>(problem: impl Into<String>) -> Outcome<T> {
    Err(Trouble::Invalid(problem.into()))
}

/// Reads numbers and texts, and knows how much is left.
struct Source<R> {
    inner: R,
    at: u64,
    size: u64,
}

impl<R: Read> Source<R> {
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

    fn bytes<const N: usize>(&mut self, what: &str) -> Outcome<[u8; N]> {
        self.claim(N as u64, what)?;
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes).map_err(Trouble::Io)?;
        Ok(bytes)
    }

    fn u32(&mut self, what: &str) -> Outcome<u32> {
        self.bytes(what).map(u32::from_le_bytes)
    }

    fn u64(&mut self, what: &str) -> Outcome<u64> {
        self.bytes(what).map(u64::from_le_bytes)
    }

    fn string(&mut self, most: u64, what: &str) -> Outcome<String> {
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

    fn value_type(&mut self, what: &str) -> Outcome<ValueType> {
        let id = self.u32(what)?;
        ValueType::from_id(id)
            .map_or_else(|| invalid(format!("corrupt: {what} has unknown value type {id}")), Ok)
    }

    fn value(&mut self, value_type: ValueType, depth: u32, what: &str) -> Outcome<Value> {
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

    fn tensor(&mut self, index: u64) -> Outcome<TensorInfo> {
        let name = self.string(MAX_TENSOR_NAME, &format!("the name of tensor {index}"))?;
        let what = format!("tensor {name:?}");
        let count = self.u32(&what)?;
        if count == 0 || count > MAX_DIMENSIONS {
            return invalid(format!("corrupt: {what} has {count} dimensions"));
        }
        let mut dims = Vec::new();
        for _ in 0..count {
            dims.push(self.u64(&what)?);
        }
        let id = self.u32(&what)?;
        let offset = self.u64(&what)?;
        let Some(ggml_type) = GgmlType::from_id(id) else {
            return invalid(format!(
                "{what} has unknown or withdrawn type number {id}; convert the file anew"
            ));
        };
        let elements = dims.iter().try_fold(1_u64, |product, dim| product.checked_mul(*dim));
        let Some(elements) = elements.filter(|elements| *elements > 0) else {
            return invalid(format!("corrupt: {what} has impossible dimensions {dims:?}"));
        };
        if !dims[0].is_multiple_of(ggml_type.block_elements()) {
            return invalid(format!(
                "corrupt: {what} has rows of {}, no whole blocks of {ggml_type}",
                dims[0]
            ));
        }
        let Some(bytes) = ggml_type.bytes_of(elements) else {
            return invalid(format!("corrupt: {what} has impossible dimensions {dims:?}"));
        };
        Ok(TensorInfo { name, dims, ggml_type, offset, elements, bytes })
    }
}

fn parse(inner: impl Read, size: u64) -> Outcome<Header> {
    let mut source = Source { inner, at: 0, size };
    if size < 24 {
        return invalid(format!("not a GGUF file: only {size} bytes"));
    }
    let magic: [u8; 4] = source.bytes("the file type")?;
    if magic != MAGIC {
        return invalid(format!("not a GGUF file (starts with \"{}\")", magic.escape_ascii()));
    }
    let version = source.u32("the version")?;
    if version.swap_bytes() == 2 || version.swap_bytes() == 3 {
        return invalid("is a big-endian GGUF file; convert it on a little-endian machine");
    }
    if version != 2 && version != 3 {
        return invalid(format!("has GGUF version {version}; versions 2 and 3 can be read"));
    }
    let tensor_count = source.u64("the number of tensors")?;
    let metadata_count = source.u64("the number of metadata")?;

    let mut metadata = BTreeMap::new();
    for index in 0..metadata_count {
        let key = source.string(MAX_KEY, &format!("the key of metadata {index} of {metadata_count}"))?;
        let value_type = source.value_type(&key)?;
        let value = source.value(value_type, 0, &key)?;
        if metadata.contains_key(&key) {
            return invalid(format!("corrupt: metadata {key:?} is there twice"));
        }
        metadata.insert(key, value);
    }
    let mut tensors = Vec::new();
    let mut names = HashSet::new();
    for index in 0..tensor_count {
        let tensor = source.tensor(index)?;
        if !names.insert(tensor.name.clone()) {
            return invalid(format!("corrupt: tensor {:?} is there twice", tensor.name));
        }
        tensors.push(tensor);
    }
    let alignment = match metadata.get("general.alignment") {
        None => 32,
        Some(value) => match value.as_u64().filter(|value| value.is_power_of_two() && *value <= 1 << 20) {
            Some(alignment) => alignment,
            None => return invalid(format!("corrupt: alignment of {value}")),
        },
    };
    let data_start = source.at.next_multiple_of(alignment);
    check_placement(&tensors, alignment, data_start)?;
    Ok(Header { version, metadata, tensors, data_start, file_bytes: size })
}

/// Data must lie aligned and apart from each other.
fn check_placement(tensors: &[TensorInfo], alignment: u64, data_start: u64) -> Outcome<()> {
    let mut placed: Vec<_> = tensors.iter().collect();
    placed.sort_by_key(|tensor| tensor.offset);
    let mut free_from = 0;
    for tensor in placed {
        let name = &tensor.name;
        if !tensor.offset.is_multiple_of(alignment) {
            return invalid(format!(
                "corrupt: tensor {name:?} at {} is not aligned to {alignment}",
                tensor.offset
            ));
        }
        if tensor.offset < free_from {
            return invalid(format!("corrupt: tensor {name:?} at {} overlaps another", tensor.offset));
        }
        let end = tensor.offset.checked_add(tensor.bytes).and_then(|end| end.checked_add(data_start));
        match end {
            Some(end) if end <= MAX_FILE_BYTES => free_from = tensor.offset + tensor.bytes,
            _ => return invalid(format!("corrupt: tensor {name:?} has an impossible place")),
        }
    }
    Ok(())
}

impl Header {
    /// What is missing of a file whose data are cut short.
    pub fn cut_short(&self) -> Option<String> {
        let size = self.file_bytes;
        // No overflow: the placement was checked.
        let ends =
            self.tensors.iter().map(|tensor| (self.data_start + tensor.offset + tensor.bytes, &tensor.name));
        let (end, name) = ends.filter(|&(end, _)| end > size).min()?;
        Some(format!("truncated: tensor {name:?} ends at byte {end}, the file has {size}"))
    }

    /// Number of parameters (elements of all tensors).
    pub fn params(&self) -> u64 {
        // Elements never outnumber eight times the bytes of the file.
        self.tensors.iter().map(|tensor| tensor.elements).sum()
    }

    /// Bytes of all weights.
    pub fn weight_bytes(&self) -> u64 {
        self.tensors.iter().map(|tensor| tensor.bytes).sum()
    }

    /// Bytes of weights that the decoding of one token reads: all but tables of which
    /// it takes one row (positions; the embedding, unless it is the output too) and
    /// experts that are not chosen.
    pub fn decode_bytes(&self) -> u64 {
        let untied = self.tensors.iter().any(|tensor| tensor.name == "output.weight");
        let (chosen, experts) = (self.number("expert_used_count"), self.number("expert_count"));
        let read = |tensor: &TensorInfo| match tensor.name.as_str() {
            "token_embd.weight" if untied => 0,
            "position_embd.weight" | "per_layer_token_embd.weight" => 0,
            name if name.contains("_exps.") => match (chosen, experts) {
                (Some(chosen), Some(experts)) if experts > 0 && chosen <= experts => {
                    let share = u128::from(tensor.bytes) * u128::from(chosen) / u128::from(experts);
                    u64::try_from(share).unwrap_or(tensor.bytes)
                }
                _ => tensor.bytes,
            },
            _ => tensor.bytes,
        };
        self.tensors.iter().map(read).sum()
    }

    /// Whether the file says that this crate made it with random weights.
    pub fn is_synthetic(&self) -> bool {
        self.metadata.get(keys::SYNTHETIC).and_then(Value::as_bool) == Some(true)
    }

    /// The shape a synthetic file was made of.
    pub fn synthetic_shape(&self) -> Option<Shape> {
        self.text(keys::SHAPE)?.parse().ok()
    }

    /// The storage types a synthetic file was made with.
    pub fn synthetic_types(&self) -> Option<WeightTypes> {
        self.text(keys::TYPES)?.parse().ok()
    }

    /// The architecture, by llama.cpp's name.
    pub fn arch(&self) -> Option<&str> {
        self.text("general.architecture")
    }

    /// What the header says of the model's shape.
    pub fn shape_facts(&self) -> ShapeFacts {
        let heads = self.number("attention.head_count");
        let d_model = self.number("embedding_length");
        let split = || d_model.zip(heads).and_then(|(width, heads)| width.checked_div(heads));
        ShapeFacts {
            arch: self.arch().map(str::to_owned),
            layers: self.number("block_count"),
            d_model,
            heads,
            kv_heads: self.number("attention.head_count_kv").or(heads),
            head_dim: self.number("attention.key_length").or_else(split),
            d_ff: self.number("feed_forward_length"),
            vocab: self.metadata.get("tokenizer.ggml.tokens").and_then(Value::array_len),
            context: self.number("context_length"),
        }
    }

    /// The type that holds most of the weights' bytes; what the file is called after.
    pub fn main_type(&self) -> Option<GgmlType> {
        let mut bytes: Vec<(GgmlType, u64)> = Vec::new();
        for tensor in &self.tensors {
            match bytes.iter_mut().find(|(known, _)| *known == tensor.ggml_type) {
                Some((_, sum)) => *sum += tensor.bytes,
                None => bytes.push((tensor.ggml_type, tensor.bytes)),
            }
        }
        bytes.into_iter().max_by_key(|(_, sum)| *sum).map(|(ggml_type, _)| ggml_type)
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).and_then(Value::as_str)
    }

    /// A number of the architecture's own metadata.
    fn number(&self, name: &str) -> Option<u64> {
        self.metadata.get(&format!("{}.{name}", self.arch()?)).and_then(Value::as_u64)
    }
}

#[cfg(test)]
mod tests;
