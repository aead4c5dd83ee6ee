//! Looks at a model file before the engine does: llama.cpp ends the process on
//! some damaged files, and a reader of our own gives a reason instead.

use std::{fs::File, io::Read, path::Path};

/// What the header says that the engine does not tell.
pub(super) struct Header {
    /// Bytes of weights that one decode step reads.
    pub(super) decode_bytes: Option<u64>,
}

/// Checks the file; the error names the problem, not the file.
pub(super) fn check(path: &Path) -> Result<Header, String> {
    let mut magic = [0u8; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut magic)).map_err(|error| error.to_string())?;
    if &magic != b"GGUF" {
        return Err("not a GGUF file".to_owned());
    }
    Ok(Header { decode_bytes: None })
}
