//! A strict reader of GGUF headers.
//!
//! The file is not trusted: nothing is allocated by a number it states, every
//! length is checked against the file's size, and a header that contradicts the
//! file is an error that says how.

mod header;
mod source;

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

pub use header::{Header, Part, ShapeFacts, TensorInfo};
use source::{Outcome, Source, Trouble, invalid};

use super::MAGIC;
use crate::GgmlType;
use crate::container::Container;

/// Most dimensions of a tensor (`GGML_MAX_DIMS`).
const MAX_DIMENSIONS: u32 = 4;
/// Largest file that is believed (256 TiB), so that no sum over tensors can overflow.
const MAX_FILE_BYTES: u64 = 1 << 48;
/// Longest name of a tensor (`GGML_MAX_NAME`, less its terminator) and of a key.
const MAX_TENSOR_NAME: u64 = 63;
const MAX_KEY: u64 = 65_535;
/// Far more than any model has; keeps a hostile header from filling memory.
const MAX_TENSORS: u64 = 1 << 16;
const MAX_METADATA: u64 = 1 << 16;

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
    /// The file is something else than a GGUF file.
    #[error("{} is {container}", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        container: Container,
    },
    /// The file is no usable GGUF file.
    #[error("{}: {problem}", .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A part of a split model whose other parts do not go with it.
    #[error("{}: {problem}", .path.display())]
    Split {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

impl GgufError {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Io { .. } => "check the path and its permissions",
            Self::Foreign { container, .. } => container.remedy(),
            Self::Invalid { path, .. } if is_piece(path) => {
                "it is one piece of a file that was cut: put all pieces together, as with `cat NAME.part* > NAME`"
            }
            Self::Invalid { problem, .. } if problem.starts_with("truncated") => "download or copy it again",
            Self::Invalid { .. } => "give a readable GGUF file (version 2 or 3)",
            Self::Split { .. } => {
                "put all parts into one folder under their own names, or make one file of them with llama.cpp's \
                 `llama-gguf-split --merge`"
            }
        }
    }

    /// What is wrong, without the file's path before it.
    pub fn problem(&self) -> String {
        match self {
            Self::Io { source, .. } => source.to_string(),
            Self::Foreign { container, .. } => format!("is {container}"),
            Self::Invalid { problem, .. } | Self::Split { problem, .. } => problem.clone(),
        }
    }
}

/// Whether a file is called as one piece of a larger one: `m.gguf.part01`, `m.gguf.part1of2`,
/// `m.gguf-split-a`.
pub(super) fn is_piece(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let Some((_, end)) = name.split_once(".gguf") else { return false };
    let number = end.strip_prefix(".part").or_else(|| end.strip_prefix("-part"));
    end.starts_with("-split-")
        || number.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
}

/// Reads and checks one file by itself, which may be a part of a split model.
pub fn read_one_file(path: &Path) -> Result<Header, GgufError> {
    complete(path, read_even_if_cut(path)?)
}

/// A header, unless its data are cut short.
pub(super) fn complete(path: &Path, header: Header) -> Result<Header, GgufError> {
    match header.cut_short() {
        None => Ok(header),
        Some(problem) => Err(GgufError::Invalid { path: path.to_owned(), problem }),
    }
}

/// The header of one file, whose data may be cut short.
pub(super) fn read_even_if_cut(path: &Path) -> Result<Header, GgufError> {
    let failed = |trouble| match trouble {
        Trouble::Io(source) => GgufError::Io { path: path.to_owned(), source },
        Trouble::Invalid(problem) => GgufError::Invalid { path: path.to_owned(), problem },
    };
    let io = |source| failed(Trouble::Io(source));
    // Looked at before it is opened: opening a pipe would wait for its writer.
    let metadata = fs::metadata(path).map_err(io)?;
    if !metadata.is_file() {
        return Err(failed(Trouble::Invalid("is a folder or device, not a GGUF file".to_owned())));
    }
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path).map_err(io)?);
    let start = reader.fill_buf().map_err(io)?;
    let start = &start[..start.len().min(Container::LOOKED_AT)];
    if !start.starts_with(&MAGIC)
        && let Some(container) = Container::of(start, metadata.len())
    {
        return Err(GgufError::Foreign { path: path.to_owned(), container });
    }
    let header = parse(reader, metadata.len()).map_err(failed)?;
    Ok(Header { parts: vec![Part { path: path.to_owned(), bytes: metadata.len() }], ..header })
}

fn read_tensor(source: &mut Source<impl Read>, index: u64) -> Outcome<TensorInfo> {
    let name = source.string(MAX_TENSOR_NAME, &format!("the name of tensor {index}"))?;
    let what = format!("tensor {name:?}");
    let count = source.u32(&what)?;
    if count == 0 || count > MAX_DIMENSIONS {
        return invalid(format!("corrupt: {what} has {count} dimensions"));
    }
    let mut dims = Vec::new();
    for _ in 0..count {
        dims.push(source.u64(&what)?);
    }
    let id = source.u32(&what)?;
    let offset = source.u64(&what)?;
    let Some(ggml_type) = GgmlType::from_id(id) else {
        return invalid(format!("{what} has unknown or withdrawn type number {id}; convert the file anew"));
    };
    let elements = dims.iter().try_fold(1_u64, |product, dim| product.checked_mul(*dim));
    let Some(elements) = elements.filter(|elements| *elements > 0) else {
        return invalid(format!("corrupt: {what} has impossible dimensions {dims:?}"));
    };
    if !dims[0].is_multiple_of(ggml_type.block_elements()) {
        return invalid(format!("corrupt: {what} has rows of {}, no whole blocks of {ggml_type}", dims[0]));
    }
    let Some(bytes) = ggml_type.bytes_of(elements) else {
        return invalid(format!("corrupt: {what} has impossible dimensions {dims:?}"));
    };
    Ok(TensorInfo { name, dims, ggml_type, offset, elements, bytes })
}

fn parse(inner: impl Read, size: u64) -> Outcome<Header> {
    let mut source = Source::new(inner, size);
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
    if tensor_count > MAX_TENSORS || metadata_count > MAX_METADATA {
        return invalid(format!("corrupt: states {tensor_count} tensors and {metadata_count} metadata"));
    }

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
        let tensor = read_tensor(&mut source, index)?;
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
    let cut_short = cut_short(&tensors, data_start, size);
    Ok(Header { version, metadata, tensors, data_start, file_bytes: size, parts: Vec::new(), cut_short })
}

/// What is missing of a file of `size` bytes.
fn cut_short(tensors: &[TensorInfo], data_start: u64, size: u64) -> Option<String> {
    // No overflow: the placement was checked.
    let ends = tensors.iter().map(|tensor| (data_start + tensor.offset + tensor.bytes, &tensor.name));
    let (end, name) = ends.filter(|&(end, _)| end > size).min()?;
    Some(format!("truncated: tensor {name:?} ends at byte {end}, the file has {size}"))
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

#[cfg(test)]
mod tests;
