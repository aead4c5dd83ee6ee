//! The header of a safetensors file: its length (8 bytes), JSON, then the data.

use safetensors::tensor::Metadata;

use super::tensor::{Dtype, Listed, elements};
use crate::error::{Result, advise, refuse, refused};
use crate::source::SourceFile;

/// Longest header that is believed (the format's own limit).
const MAX_HEADER: u64 = 100_000_000;

pub(super) fn list(file: &SourceFile) -> Result<Listed> {
    let name = file.name();
    if file.len < 8 {
        return refuse(format!("{name}: truncated: only {} bytes", file.len));
    }
    let mut length = [0; 8];
    file.read_at(0, &mut length)?;
    let length = u64::from_le_bytes(length);
    if length > MAX_HEADER || length > file.len - 8 {
        return refuse(format!(
            "{name}: no safetensors file, or truncated: states a header of {length} bytes, the file has {}",
            file.len
        ));
    }
    let header = file.part(8, length)?;
    let header: Metadata = serde_json::from_slice(&header)
        .map_err(|error| refused(format!("{name}: the header is damaged: {error}")))?;
    let data = file.len - 8 - length;
    let mut listed = Listed::new();
    let mut used = 0;
    // In the file's order: of several damaged tensors the same one is always named.
    let mut tensors: Vec<_> = header.tensors().into_iter().collect();
    tensors.sort_by_key(|(_, info)| info.data_offsets);
    for (tensor, info) in tensors {
        let (start, end) = (info.data_offsets.0 as u64, info.data_offsets.1 as u64);
        let shape: Vec<u64> = info.shape.iter().map(|dim| *dim as u64).collect();
        let dtype = dtype(info.dtype);
        let needed = dtype.bytes().map(|size| elements(&shape)?.checked_mul(u64::from(size)));
        if end > data || start > end || needed.is_some_and(|needed| needed != Some(end - start)) {
            return refuse(format!(
                "{name}: tensor {tensor:?} of shape {shape:?} cannot lie at bytes {start} to {end} of {data}; \
                 the file is damaged or truncated"
            ));
        }
        used = used.max(end);
        listed.push((tensor, dtype, shape, 8 + length + start));
    }
    if used != data {
        return advise(format!(
            "{name}: has {data} bytes of data where its header lists {used}; download it anew"
        ));
    }
    Ok(listed)
}

fn dtype(dtype: safetensors::Dtype) -> Dtype {
    match dtype {
        safetensors::Dtype::F32 => Dtype::F32,
        safetensors::Dtype::F16 => Dtype::F16,
        safetensors::Dtype::BF16 => Dtype::Bf16,
        other => Dtype::Other(format!("{other:?}")),
    }
}
