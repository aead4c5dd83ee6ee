//! Small files for the tests of this crate.

use super::HeaderWriter;
use crate::{GgmlType, Role, TensorSpec};

/// A GGUF file with these metadata, and a tensor of 32 zeros for each name.
pub(crate) fn file(write: &dyn Fn(&mut HeaderWriter), tensors: &[&str]) -> Vec<u8> {
    let mut out = HeaderWriter::default();
    write(&mut out);
    let spec = |name: &&str| TensorSpec {
        name: (*name).to_owned(),
        dims: vec![32],
        ggml_type: GgmlType::F32,
        role: Role::Norm,
    };
    let specs: Vec<TensorSpec> = tensors.iter().map(spec).collect();
    let mut bytes = out.finish(&specs);
    bytes.resize(bytes.len() + 128 * specs.len(), 0);
    bytes
}
