//! A checkpoint: tensors by name, wherever in one or several files they lie.

mod files;
mod safetensors;
mod torch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use half::{bf16, f16};

use crate::error::{Result, refuse};
use crate::source::SourceFile;

/// How elements are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dtype {
    F32,
    F16,
    Bf16,
    /// Anything else, by its name: no error until a tensor of it is wanted.
    Other(String),
}

/// Where a tensor lies. The place is within its file, and as long as the shape says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tensor {
    pub(crate) file: usize,
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<u64>,
    pub(crate) offset: u64,
}

/// What a reader of one file format found: names, types, shapes, offsets in the file.
type Listed = Vec<(String, Dtype, Vec<u64>, u64)>;

/// All tensors of a folder.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    files: Vec<SourceFile>,
    pub(crate) tensors: BTreeMap<String, Tensor>,
}

impl Checkpoint {
    /// Finds and reads the headers of a folder's weight files.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let mut all = Self { files: Vec::new(), tensors: BTreeMap::new() };
        for path in files::find(folder)? {
            let file = SourceFile::open(&path)?;
            let is_safetensors = path.extension().is_some_and(|extension| extension == "safetensors");
            let listed = if is_safetensors { safetensors::list(&file)? } else { torch::list(&file)? };
            let index = all.files.len();
            for (name, dtype, shape, offset) in listed {
                let tensor = Tensor { file: index, dtype, shape, offset };
                if all.tensors.insert(name.clone(), tensor).is_some() {
                    return refuse(format!("{}: tensor {name:?} is there twice", file.name()));
                }
            }
            all.files.push(file);
        }
        Ok(all)
    }

    /// The files that tensors come from.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.iter().map(|file| &file.path)
    }

    /// `count` elements of a tensor from element `first` on, as f32.
    pub(crate) fn values(&self, tensor: &Tensor, first: u64, count: usize) -> Result<Vec<f32>> {
        let file = &self.files[tensor.file];
        let size = tensor.dtype.bytes().unwrap_or(0);
        let mut raw = vec![0; count * usize::from(size)];
        file.read_at(tensor.offset + first * u64::from(size), &mut raw)?;
        Ok(match tensor.dtype {
            Dtype::F32 => raw.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
            Dtype::F16 => raw.as_chunks().0.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32()).collect(),
            Dtype::Bf16 => {
                raw.as_chunks().0.iter().map(|bytes| bf16::from_le_bytes(*bytes).to_f32()).collect()
            }
            Dtype::Other(ref name) => {
                return refuse(format!("{}: elements of type {name:?} cannot be read", file.name()));
            }
        })
    }
}

impl Dtype {
    /// Bytes of an element; `None` for types that are not read.
    fn bytes(&self) -> Option<u8> {
        match self {
            Self::F32 => Some(4),
            Self::F16 | Self::Bf16 => Some(2),
            Self::Other(_) => None,
        }
    }
}

/// Number of elements, if it fits.
fn elements(shape: &[u64]) -> Option<u64> {
    shape.iter().try_fold(1_u64, |product, dim| product.checked_mul(*dim))
}

#[cfg(test)]
mod tests;
