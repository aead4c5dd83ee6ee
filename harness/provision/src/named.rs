//! What a model's name stands for.

use crate::{
    HubModel,
    hub::{Address, HubError},
    imported_file, imported_types, is_imported, open_hub,
    work::Work,
};
use slm_models::{Catalogue, Entry, GgufError, Header, ModelKind, Shape, read_header_even_if_cut};
use slm_plan::{
    error::{Error, Result},
    text::clean,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What a name stands for.
#[derive(Debug)]
pub enum Named {
    /// A model of the catalogue.
    Catalogue(&'static Entry),
    /// A shape of the user's.
    Shape(Box<Shape>),
    /// A file of the user's, with what its header says.
    File(PathBuf, Box<Header>),
    /// A file or repository of the hub.
    Hub(Address),
    /// What was imported under a name that the catalogue does not know.
    Imported(String),
}

/// What an address of the hub turned out to be.
#[derive(Debug)]
pub enum HubFile {
    /// A GGUF file, in the hub's cache.
    Gguf(PathBuf, Box<Header>),
    /// A repository without a GGUF file.
    Checkpoint(HubModel),
}

/// Looks a name up: the hub where it begins with `hf:`, a file where it looks like one
/// or is one, else a shape, else the catalogue, else what was imported. Nothing is downloaded.
///
/// # Errors
/// [`Error::Input`] that names what is wrong and the remedy.
pub fn named(name: &str) -> Result<Named> {
    let path = Path::new(name);
    if let Some(address) = name.strip_prefix("hf:") {
        return Ok(Named::Hub(address.parse().map_err(HubError::from)?));
    }
    if looks_like_file(name) || path.is_file() {
        if path.is_dir() {
            return Err(folder(name, path));
        }
        return Ok(Named::File(path.to_owned(), Box::new(header_of(path)?)));
    }
    if let Some(text) = name.strip_prefix("shape:") {
        let shape = Shape::parse_free(text).map_err(|error| {
            Error::input(
                error.to_string(),
                "see `bench models show shape:arch=mpt,layers=12,d_model=768` for a full one",
            )
        })?;
        return Ok(Named::Shape(Box::new(shape)));
    }
    match Catalogue::builtin().find(name) {
        Ok(entry) => Ok(Named::Catalogue(entry)),
        Err(_) if is_imported(name) => Ok(Named::Imported(name.to_lowercase())),
        Err(_) if path.is_dir() => Err(folder(name, path)),
        Err(error) => {
            Err(Error::input(error.to_string(), "`bench models list` shows all; a file is given by its path"))
        }
    }
}

/// Whether a name is rather a path than one of the catalogue.
pub(crate) fn looks_like_file(name: &str) -> bool {
    name.contains('/') || Path::new(name).extension().is_some_and(|extension| extension == "gguf")
}

/// Why a folder is no model, by what is in it.
fn folder(name: &str, path: &Path) -> Error {
    let mut files: Vec<String> = fs::read_dir(path)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    files.sort();
    let has = |wanted: &str| files.iter().any(|file| file == wanted);
    let name = name.trim_end_matches('/');
    let is_gguf = |file: &&String| Path::new(file).extension().is_some_and(|extension| extension == "gguf");
    if let Some(file) = files.iter().find(is_gguf) {
        let remedy = format!("name the file in it, such as {name}/{file}");
        return Error::input(format!("{name} is a folder"), remedy);
    }
    if has("adapter_config.json") {
        let what = format!("{name} is the folder of an adapter (LoRA)");
        return Error::input(what, "merge it into its base model and import the result");
    }
    if has("config.json") {
        let remedy = format!("convert it first with `bench models import {name}`");
        return Error::input(format!("{name} is the folder of a checkpoint"), remedy);
    }
    Error::input(
        format!("{name} is a folder without a model"),
        "give a GGUF file, or a folder to `bench models import`",
    )
}

/// The first of a model's imported files, with what its header says.
///
/// # Errors
/// [`Error::Input`] when there is none, or it cannot be read.
pub fn imported_model(name: &str) -> Result<(PathBuf, Box<Header>)> {
    let Some(types) = imported_types(name).into_iter().next() else {
        return Err(Error::input(format!("{name} was not imported"), "import it with `bench models import`"));
    };
    let file = imported_file(name, types);
    let header = header_of(&file)?;
    Ok((file, Box::new(header)))
}

/// The GGUF file of an address, from the hub's cache or downloaded now, or the repository
/// that has none.
///
/// # Errors
/// As the hub's.
pub fn pull_named(address: &Address, work: Work<'_>) -> Result<HubFile> {
    match open_hub(work.interrupt)?.pull_model(address, &mut work.pull_steps())? {
        Some(file) => {
            let header = header_of(&file.path)?;
            Ok(HubFile::Gguf(file.path, Box::new(header)))
        }
        None if address.file.is_none() => Ok(HubFile::Checkpoint(HubModel::of_address(address.clone()))),
        None => Err(Error::input(
            format!("{address} is no GGUF file"),
            format!("leave the file's name out to have the checkpoint of {} converted", address.repo),
        )),
    }
}

/// The header of a file, which may be cut short: its trials become rows that say so.
pub(crate) fn header_of(path: &Path) -> Result<Header> {
    read_header_even_if_cut(path).map_err(|error| not_a_model(&error))
}

/// A file that is no usable GGUF file.
pub(crate) fn not_a_model(error: &GgufError) -> Error {
    Error::input(clean(&error.to_string()), error.remedy())
}

/// Refuses what is no text generator: the engine ends its process on some of the others.
pub(crate) fn check_kind(path: &Path, header: &Header) -> Result<()> {
    match ModelKind::of(header).refusal() {
        None => Ok(()),
        Some((what, remedy)) => Err(Error::input(format!("{} {what}", path.display()), remedy)),
    }
}
