//! A checkpoint: tensors by name, wherever in one or several files they lie.

mod files;
mod safetensors;
mod tensor;
mod torch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use half::{bf16, f16};

use crate::error::{Result, refuse};
use crate::source::SourceFile;
pub use files::shards_of_index;
pub(crate) use tensor::{Dtype, Tensor};

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

#[cfg(test)]
mod tests;
