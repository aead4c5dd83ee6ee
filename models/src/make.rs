//! Making a model file: exact shape, random weights.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::make_error::MakeError;
use crate::make_options::MakeOptions;
use crate::random::{GENERATOR_VERSION, Weights};
use crate::tensors::ALIGNMENT;
use crate::{Shape, TensorSpec, WeightType, metadata};
use crate::{digest::sha256_hex, partial_file::HashedFile};

/// Data are made and written in pieces of about a megabyte: a whole number of blocks
/// of every type, and of the generator's words, so that content does not depend on it.
/// The product is the least common multiple of all block sizes that the writer makes.
const PIECE: usize = 16 * 9 * 5 * 7 * 11 * 17;
const _: () = {
    let mut index = 0;
    while index < WeightType::ALL.len() {
        assert!((PIECE as u64).is_multiple_of(WeightType::ALL[index].ggml().block_bytes()));
        index += 1;
    }
};

/// A file that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Size of the file.
    pub bytes: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// Number of parameters.
    pub params: u64,
}

/// Writes a model of the given shape with random weights to `destination`.
///
/// The file appears there whole or not at all: it is written beside it as `.part`,
/// flushed to the disk and renamed. The weights are never held in memory; the same
/// shape and options give the same bytes everywhere. `progress` gets the bytes
/// written and the size of the finished file.
pub fn make(
    shape: &Shape,
    options: &MakeOptions,
    destination: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Made, MakeError> {
    if let Some(reason) = shape.unsupported() {
        return Err(MakeError::Unsupported { arch: shape.arch().name(), reason });
    }
    let tensors = shape.tensors(&options.types);
    let header = metadata::header(shape, options, &tensors);
    let total = header.len() as u64 + shape.data_bytes(&options.types);

    let mut part = HashedFile::create(destination)?;
    write_all(&mut part, &header, &tensors, options.seed, &mut |done| progress(done, total))
        // Finished now rather than while a measurement runs.
        .and_then(|()| part.sync())
        .map_err(|source| MakeError::io(part.path(), total, source))?;
    let bytes = part.bytes();
    Ok(Made { bytes, sha256: part.publish(destination)?, params: shape.params() })
}

fn write_all(
    out: &mut HashedFile,
    header: &[u8],
    tensors: &[TensorSpec],
    seed: u64,
    progress: &mut dyn FnMut(u64),
) -> io::Result<()> {
    out.put(header)?;
    progress(out.bytes());
    let mut piece = vec![0; PIECE];
    // Small tensors (norms, biases) are gathered, so that the file gets large writes.
    let mut filled = 0;
    for tensor in tensors {
        let mut weights = Weights::new(seed, tensor);
        let mut left = tensor.bytes();
        while left > 0 {
            let whole = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
            if filled + whole > PIECE {
                out.put(&piece[..filled])?;
                progress(out.bytes());
                filled = 0;
            }
            weights.fill(&mut piece[filled..filled + whole]);
            filled += whole;
            left -= whole as u64;
        }
        let padding =
            usize::try_from(tensor.bytes().next_multiple_of(ALIGNMENT.into()) - tensor.bytes()).unwrap_or(0);
        if filled + padding > PIECE {
            out.put(&piece[..filled])?;
            filled = 0;
        }
        piece[filled..filled + padding].fill(0);
        filled += padding;
    }
    out.put(&piece[..filled])?;
    progress(out.bytes());
    Ok(())
}

/// A stable file name for a made model: safe characters only, and a short hash of
/// everything that decides the file's content.
pub fn cache_file_name(name: &str, shape: &Shape, options: &MakeOptions) -> String {
    let identity = format!("{shape};{};{};{GENERATOR_VERSION}", options.types, options.seed);
    let hash = sha256_hex(identity);
    format!("{}-{}-{}.gguf", safe(name), safe(&options.types.to_string()), &hash[..12])
}

fn safe(text: &str) -> String {
    let kept = |character: char| match character {
        'a'..='z' | '0'..='9' | '.' | '_' | '-' => character,
        'A'..='Z' => character.to_ascii_lowercase(),
        _ => '_',
    };
    let safe: String = text.chars().take(80).map(kept).collect();
    // No hidden files and no `..`.
    safe.trim_start_matches('.').replace("..", "_")
}

#[cfg(test)]
mod tests;
