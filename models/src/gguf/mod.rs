//! GGUF, the file format of llama.cpp: a streaming writer and a strict reader.

mod read;
#[cfg(test)]
pub(crate) mod testing;
mod value;
mod whole;
mod write;

pub use read::{GgufError, Header, Part, ShapeFacts, TensorInfo, read_one_file};
pub use value::{Value, ValueType};
pub use whole::{read_header, read_header_even_if_cut};
pub use write::HeaderWriter;

/// The first four bytes of every file.
pub(crate) const MAGIC: [u8; 4] = *b"GGUF";

/// Metadata keys of ours that mark a file made by this crate.
pub(crate) mod keys {
    pub(crate) const SYNTHETIC: &str = "slm_bench.synthetic";
    pub(crate) const SEED: &str = "slm_bench.seed";
    pub(crate) const SHAPE: &str = "slm_bench.shape";
    pub(crate) const TYPES: &str = "slm_bench.types";
    pub(crate) const GENERATOR: &str = "slm_bench.generator_version";
}
