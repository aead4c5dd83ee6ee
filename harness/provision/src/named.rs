//! What a model's name stands for.

use crate::{
    HubModel,
    hub::{Address, HubError},
    open_hub,
    work::Work,
};
use slm_models::{Catalogue, Entry, GgufError, Header, Shape, read_header_even_if_cut};
use slm_plan::error::{Error, Result};
use std::path::{Path, PathBuf};

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
/// or is one, else a shape, else the catalogue. Nothing is downloaded.
///
/// # Errors
/// [`Error::Input`] that names what is wrong and the remedy.
pub fn named(name: &str) -> Result<Named> {
    let path = Path::new(name);
    if let Some(address) = name.strip_prefix("hf:") {
        return Ok(Named::Hub(address.parse().map_err(HubError::from)?));
    }
    let looks_like_file = name.contains('/') || path.extension().is_some_and(|extension| extension == "gguf");
    if looks_like_file || path.is_file() {
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
    let entry = Catalogue::builtin().find(name).map_err(|error| {
        Error::input(error.to_string(), "`bench models list` shows all; a file is given by its path")
    })?;
    Ok(Named::Catalogue(entry))
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
    let not_a_model =
        |error: GgufError| Error::input(error.to_string(), "give a readable GGUF file (version 2 or 3)");
    read_header_even_if_cut(path).map_err(not_a_model)
}
