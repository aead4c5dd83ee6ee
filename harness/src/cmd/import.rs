//! `bench models import`: a model of the hub to a GGUF file.

use super::models::print_json;
use crate::{
    cli::{ImportArgs, OutputFormat},
    error::{Error, Result},
    models::import,
    show::{bytes, clean, data},
};
use serde_json::json;
use slm_import::{Embeddings, Request};
use slm_models::Catalogue;
use std::path::{Path, PathBuf};

/// Runs the command.
pub(super) fn run(args: ImportArgs) -> Result<()> {
    let source = source(&args.model)?;
    let request = Request {
        folder: source.folder,
        tokenizer: args.tokenizer,
        weights: args.weights,
        embeddings: args.embd.unwrap_or(Embeddings::Same),
        repository: source.repository,
        commit: source.commit,
    };
    let (file, imported) = import(request, args.out, &source.name)?;
    let manifest = &imported.manifest;
    if args.output.output == OutputFormat::Json {
        let mut value = serde_json::to_value(manifest).map_err(|error| Error::Internal(error.to_string()))?;
        value["path"] = json!(file.display().to_string());
        value["texts_compared"] = json!(imported.texts);
        return print_json(&value);
    }
    let types: Vec<String> =
        manifest.tensor_types.iter().map(|(name, count)| format!("{count} {name}")).collect();
    data(&format!(
        "{}: {}, {:.2} bits per weight ({}), sha256 {}\n",
        clean(&file.display().to_string()),
        bytes(imported.bytes),
        manifest.bits_per_weight,
        types.join(", "),
        manifest.file.sha256
    ));
    crate::show::note(&format!(
        "token ids of {} texts are those of tokenizer.json; sources in {}",
        imported.texts,
        clean(&imported.manifest_path.display().to_string())
    ));
    Ok(())
}

/// A folder to import, and what it is of.
struct Source {
    folder: PathBuf,
    /// What the file is called after.
    name: String,
    repository: Option<String>,
    commit: Option<String>,
}

/// A folder, else a catalogue name or a repository of the hub.
fn source(typed: &str) -> Result<Source> {
    let path = Path::new(typed);
    if path.is_dir() {
        let absolute = path.canonicalize().map_err(|error| Error::reading(path, &error))?;
        let name = absolute.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Ok(Source { folder: path.to_owned(), name, repository: None, commit: None });
    }
    let entry = Catalogue::builtin().find(typed).ok();
    match entry.map(|entry| (&entry.name, &entry.hf_repo)) {
        Some((name, None)) => {
            let what = format!("{name} has no repository on the hub");
            Err(Error::input(what, "give the folder of its checkpoint"))
        }
        _ => Err(Error::input(format!("there is no folder {typed}"), "give the folder of a checkpoint")),
    }
}
