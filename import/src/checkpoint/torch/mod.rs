//! `pytorch_model.bin`: a zip archive of a pickle, which names the tensors, and of
//! their raw storages. The pickle is read as data; nothing in it is ever called.

mod arena;
mod pickle;
mod zip;

use super::tensor::{Dtype, Listed, elements};
use crate::error::{Result, advise, refuse, refused};
use crate::source::SourceFile;
use arena::{Node, Reference};
use pickle::Pickle;
use zip::Archive;

/// Largest pickle that is read; they hold names and shapes only.
const MAX_PICKLE: u64 = 64 << 20;
/// Where trainers put the tensors within what they save.
const WRAPPERS: [&str; 3] = ["state_dict", "model", "state"];

pub(super) fn list(file: &SourceFile) -> Result<Listed> {
    let name = file.name();
    let archive = Archive::open(file)?;
    let (root, start, length) = archive.pickle()?;
    if length > MAX_PICKLE {
        return refuse(format!("{name}: its pickle has {length} bytes; at most {MAX_PICKLE} are read"));
    }
    if let Some((start, length)) = archive.find(&format!("{root}byteorder"))
        && (length != 6 || file.part(start, length)? != b"little")
    {
        return advise(format!("{name}: is big-endian; save it anew on a little-endian machine"));
    }
    let bytes = file.part(start, length)?;
    let pickle = Pickle::read(&bytes).map_err(|problem| refused(format!("{name}: pickle: {problem}")))?;
    let mut listed = Listed::new();
    for (key, value) in state(&pickle) {
        let (Node::Text(tensor), Node::Tensor(view)) = (pickle.node(*key), pickle.node(*value)) else {
            continue;
        };
        let tensor = tensor.to_string();
        let Node::Storage { dtype, key } = pickle.node(view.storage) else { continue };
        let Some(shape) = contiguous(&view.shape, &view.stride) else {
            return advise(format!(
                "{name}: tensor {tensor:?} is not stored contiguously; save it with .contiguous()"
            ));
        };
        let Some((start, stored)) = archive.find(&format!("{root}data/{key}")) else {
            return refuse(format!("{name}: the data of tensor {tensor:?} are not in the archive"));
        };
        let dtype = match *dtype {
            "FloatStorage" => Dtype::F32,
            "HalfStorage" => Dtype::F16,
            "BFloat16Storage" => Dtype::Bf16,
            other => Dtype::Other(other.to_owned()),
        };
        let size = u64::from(dtype.bytes().unwrap_or(1));
        let end = elements(&shape).and_then(|count| count.checked_add(view.offset)?.checked_mul(size));
        if end.is_none_or(|end| end > stored) {
            return refuse(format!(
                "{name}: tensor {tensor:?} of shape {shape:?} reaches past its {stored} bytes; the file is damaged"
            ));
        }
        listed.push((tensor, dtype, shape, start + view.offset * size));
    }
    if listed.is_empty() {
        return refuse(format!("{name}: holds no tensors by name"));
    }
    Ok(listed)
}

/// The dictionary of tensors: the top one, or one that a trainer wrapped it into.
fn state<'a>(pickle: &'a Pickle<'_>) -> &'a [(Reference, Reference)] {
    let mut current = pickle.root();
    for _ in 0..WRAPPERS.len() {
        let Node::Dict(items) = pickle.node(current) else { return &[] };
        let inner = items.iter().find(|(key, value)| {
            matches!(pickle.node(*key), Node::Text(text) if WRAPPERS.contains(&&**text))
                && matches!(pickle.node(*value), Node::Dict(_))
        });
        match inner {
            Some((_, value)) => current = *value,
            None => break,
        }
    }
    if let Node::Dict(items) = pickle.node(current) { items } else { &[] }
}

/// The shape, if the strides are those of row-major order without gaps.
fn contiguous(shape: &[i64], stride: &[i64]) -> Option<Vec<u64>> {
    if shape.len() != stride.len() || shape.len() > 8 {
        return None;
    }
    let mut step = 1_i64;
    for (dim, stride) in shape.iter().zip(stride).rev() {
        if *dim < 0 || (*dim != 1 && *stride != step) {
            return None;
        }
        step = step.checked_mul(*dim)?;
    }
    shape.iter().map(|dim| u64::try_from(*dim).ok()).collect()
}
