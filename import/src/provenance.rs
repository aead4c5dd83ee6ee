//! What a file was made of, beside it as JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use slm_models::{GgmlType, Header};

use crate::error::Result;
use crate::error::unwritable;
use crate::request::{CONVERTER_VERSION, Request};
use crate::source;

/// Where an imported file comes from and what is in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of the conversion.
    pub converter_version: u32,
    /// Repository on the hub, if it came from there.
    pub repository: Option<String>,
    /// Its commit.
    pub commit: Option<String>,
    /// What was read.
    pub sources: Vec<SourceFile>,
    /// What was written.
    pub file: SourceFile,
    /// llama.cpp's name of the architecture.
    pub architecture: String,
    /// Parameters.
    pub parameters: u64,
    /// Bits of all weights over parameters.
    pub bits_per_weight: f64,
    /// Tensors by their type.
    pub tensor_types: BTreeMap<String, u64>,
}

/// A file that was read or written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Its name, without its folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

impl Provenance {
    /// Of a finished file; its name and hash are filled in when it is published.
    pub(crate) fn of<'a>(
        header: &Header,
        request: &Request,
        paths: impl Iterator<Item = &'a PathBuf>,
    ) -> Result<Self> {
        let mut sources = Vec::new();
        for path in paths {
            let bytes = source::SourceFile::open(path)?.len;
            sources.push(SourceFile { name: name(path), bytes, sha256: source::sha256(path)? });
        }
        let mut tensor_types = BTreeMap::new();
        for tensor in &header.tensors {
            *tensor_types.entry(GgmlType::name(tensor.ggml_type).to_owned()).or_insert(0) += 1;
        }
        let parameters = header.params();
        Ok(Self {
            converter_version: CONVERTER_VERSION,
            repository: request.repository.clone(),
            commit: request.commit.clone(),
            sources,
            file: SourceFile { name: String::new(), bytes: header.file_bytes, sha256: String::new() },
            architecture: header.arch().unwrap_or_default().to_owned(),
            parameters,
            bits_per_weight: 8.0 * header.weight_bytes() as f64 / parameters.max(1) as f64,
            tensor_types,
        })
    }

    /// Writes it beside the file, as `FILE.json`.
    pub(crate) fn write(&mut self, destination: &Path) -> Result<PathBuf> {
        self.file.name = name(destination);
        let path = beside(destination, ".json");
        let temporary = beside(destination, ".json.part");
        // Numbers and texts: this cannot fail.
        let text = serde_json::to_string_pretty(self).unwrap_or_default() + "\n";
        fs::write(&temporary, text)
            .and_then(|()| fs::rename(&temporary, &path))
            .map_err(|source| unwritable(&path, source))?;
        Ok(path)
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}
