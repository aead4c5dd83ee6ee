//! Which files of a folder hold the weights.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Result, advise, refuse};
use crate::source;

/// Far more shards than any model has.
const MAX_SHARDS: usize = 4096;

/// Names in the order of preference: an index of shards, or one file.
const CANDIDATES: [(&str, &str); 2] = [("model.safetensors", ".safetensors"), ("pytorch_model.bin", ".bin")];

/// The weight files of a folder, sorted by name. An index whose files are not all
/// there gives way to the next candidate: SlimLM's own checkpoint lists a
/// safetensors file that it does not have beside the .bin that it has.
pub(super) fn find(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut missing = Vec::new();
    for (single, extension) in CANDIDATES {
        let index = format!("{single}.index.json");
        if let Some(index_json) = source::json(&folder.join(&index))? {
            let shards = shards(&index_json, &index, extension)?;
            match shards.iter().find(|shard| !folder.join(shard).exists()) {
                None => return Ok(shards.iter().map(|shard| folder.join(shard)).collect()),
                Some(absent) => missing.push(format!("{index} lists {absent}, which is not there")),
            }
        }
        let path = folder.join(single);
        if path.exists() {
            return Ok(vec![path]);
        }
    }
    let found = if missing.is_empty() {
        "model.safetensors or pytorch_model.bin".to_owned()
    } else {
        missing.join("; ")
    };
    advise(format!("{}: no weights: {found}; download the whole repository", folder.display()))
}

/// The files that an index of weights lists. `name`: of the index, for messages; `extension`:
/// what they end in.
///
/// # Errors
/// An index that is damaged, or that names files elsewhere.
pub fn shards_of_index(index: &[u8], name: &str, extension: &str) -> Result<BTreeSet<String>> {
    shards(&source::parse_json(index, Path::new(name))?, name, extension)
}

/// The file names of an index: plain names, so that none leads out of the folder.
fn shards(index: &Value, name: &str, extension: &str) -> Result<BTreeSet<String>> {
    let Some(map) = index["weight_map"].as_object() else {
        return advise(format!("{name}: weight_map is missing; download it anew"));
    };
    let mut shards = BTreeSet::new();
    for file in map.values() {
        match file.as_str() {
            Some(file) if is_plain(file) && file.ends_with(extension) => shards.insert(file.to_owned()),
            _ => return refuse(format!("{name}: {file} is not the name of a {extension} file beside it")),
        };
        if shards.len() > MAX_SHARDS {
            return refuse(format!("{name}: more than {MAX_SHARDS} files"));
        }
    }
    if shards.is_empty() {
        return advise(format!("{name}: lists no files; download it anew"));
    }
    Ok(shards)
}

/// Letters, digits, `.`, `_` and `-`, and not hidden: neither a path nor a trick.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !name.starts_with('.') && name.len() <= 255 && name.bytes().all(plain)
}
