//! What a model's name on the command line stands for.

use super::imported_entry;
use crate::{
    cli::{StopArg, SweepArgs, WeightsArg},
    error::{Error, Result},
    hex,
    hub::{Address, Hub, HubError, HubOptions},
    plan::{ModelSource, PlannedModel, Weights},
    show::{clean, note, pull_steps},
};
use sha2::{Digest, Sha256};
use slm_models::{Catalogue, Entry, GgufError, Header, Shape, WeightTypes, read_header_of_part};
use slm_protocol::{EngineKind, Generation, StopRule};
use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::{Path, PathBuf},
};

/// Seed of the weights of synthetic models. It is not `--seed`, so that a sweep in
/// another order measures the same files.
const WEIGHTS_SEED: u64 = 1;

/// What a name stands for.
#[derive(Debug)]
pub enum Named {
    /// A model of the catalogue.
    Catalogue(&'static Entry),
    /// A shape of the user's.
    Shape(Box<Shape>),
    /// A file of the user's, with what its header says.
    File(PathBuf, Box<Header>),
}

/// Looks a name up: a file where it looks like one or is one, else a shape, else
/// the catalogue.
///
/// # Errors
/// [`Error::Input`] that names what is wrong and the remedy.
pub fn named(name: &str) -> Result<Named> {
    let pulled = name.strip_prefix("hf:").map(pull_gguf).transpose()?;
    let path = pulled.as_deref().unwrap_or(Path::new(name));
    let looks_like_file = name.contains('/') || path.extension().is_some_and(|extension| extension == "gguf");
    if looks_like_file || path.is_file() {
        // A file that is cut short is measured like any other: its trials become
        // rows that say so.
        let header = read_header_of_part(path).map_err(|error| not_a_model(&error))?;
        if let Some(problem) = header.cut_short() {
            note(&format!("bench: {}: {}", clean(name), clean(&problem)));
        }
        return Ok(Named::File(path.to_owned(), Box::new(header)));
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

/// A GGUF file of the hub, from its cache or downloaded now.
fn pull_gguf(address: &str) -> Result<PathBuf> {
    let address: Address = address.parse().map_err(HubError::from)?;
    match Hub::new(&HubOptions::default())?.pull_model(&address, &mut pull_steps())? {
        Some(file) => Ok(file.path),
        None => Err(Error::input(
            format!("{address} is no GGUF file"),
            format!("convert the model first with `bench models import {}`", address.repo),
        )),
    }
}

fn not_a_model(error: &GgufError) -> Error {
    Error::input(error.to_string(), "give a readable GGUF file (version 2 or 3)")
}

/// Resolves all models of a sweep, each once.
///
/// # Errors
/// [`Error::Input`] that names the model, what is wrong and the remedy.
pub fn resolve_all(args: &SweepArgs, backend: EngineKind) -> Result<Vec<PlannedModel>> {
    let mut models: Vec<PlannedModel> = Vec::new();
    for name in args.models() {
        let model = resolve(&name, args, backend)?;
        if let Some(double) = models.iter().find(|other| other.name == model.name) {
            let what = format!("'{name}' and an earlier model are both called {}", double.name);
            return Err(Error::input(what, "give each model once; rename a file to tell it from another"));
        }
        models.push(model);
    }
    Ok(models)
}

fn resolve(name: &str, args: &SweepArgs, backend: EngineKind) -> Result<PlannedModel> {
    let types = args.weight_types();
    let mut model = match named(name)? {
        Named::Catalogue(entry) => {
            if let Some(reason) = &entry.unsupported {
                let what = format!("{} cannot be measured: {reason}", entry.name);
                return Err(Error::input(what, "choose another model or describe a similar one as shape:…"));
            }
            match real_weights(entry, types, args.weights)? {
                Some(file) => PlannedModel { name: entry.name.clone(), ..from_path(&file, args)? },
                None => from_shape(entry.name.clone(), entry.shape.clone(), types, args),
            }
        }
        Named::Shape(shape) => {
            if let Some(reason) = shape.unsupported() {
                let what = format!("{shape} cannot be measured: {reason}");
                return Err(Error::input(what, "choose another arch"));
            }
            from_shape(shape_name(name, &shape), *shape, types, args)
        }
        Named::File(path, header) => from_file(&path, &header, args)?,
    };
    if backend == EngineKind::Null {
        model.source = ModelSource::Nothing;
    }
    Ok(model)
}

/// The file of a catalogue model's imported weights, where it is to be taken.
fn real_weights(entry: &Entry, types: WeightTypes, wanted: WeightsArg) -> Result<Option<PathBuf>> {
    if wanted == WeightsArg::Synthetic {
        return Ok(None);
    }
    let file = imported_entry(entry, types);
    match (&file, wanted) {
        (Some(file), _) => {
            note(&format!("{}: real weights of {}", entry.name, clean(&file.display().to_string())))
        }
        (None, WeightsArg::Real) => {
            let what = format!("{} has not been imported in {types}", entry.name);
            let remedy = format!("type `bench models import {} --type {}` first", entry.name, types.matrices);
            return Err(Error::input(what, remedy));
        }
        (None, _) => {}
    }
    Ok(file)
}

fn from_path(path: &Path, args: &SweepArgs) -> Result<PlannedModel> {
    let header = read_header_of_part(path).map_err(|error| not_a_model(&error))?;
    from_file(path, &header, args)
}

/// A shape's name in tables: as typed where that is short, so that the user finds
/// it again.
fn shape_name(typed: &str, shape: &Shape) -> String {
    if typed.len() <= 80 { typed.to_owned() } else { format!("shape:{shape}") }
}

fn from_shape(name: String, shape: Shape, types: WeightTypes, args: &SweepArgs) -> PlannedModel {
    PlannedModel {
        name,
        weights: Weights::Synthetic,
        quant: types.to_string(),
        params: shape.params(),
        file_bytes: shape.data_bytes(&types),
        source: ModelSource::Shape { shape, types, seed: WEIGHTS_SEED },
        generation: generation(args, Weights::Synthetic),
    }
}

fn from_file(path: &Path, header: &Header, args: &SweepArgs) -> Result<PlannedModel> {
    let absolute = path.canonicalize().map_err(|error| Error::reading(path, &error))?;
    let not_text = || Error::input(format!("{} is not a UTF-8 path", path.display()), "rename the file");
    let text = absolute.to_str().ok_or_else(not_text)?.to_owned();
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(not_text)?.to_owned();
    let sha256 = hash_file(&absolute).map_err(|error| Error::reading(path, &error))?;
    let file_bytes = absolute.metadata().map_err(|error| Error::reading(path, &error))?.len();
    let weights = if header.is_synthetic() { Weights::Synthetic } else { Weights::Real };
    Ok(PlannedModel {
        name,
        weights,
        quant: quant_of(header),
        params: header.params(),
        file_bytes,
        source: ModelSource::File { path: text, sha256 },
        generation: generation(args, weights),
    })
}

/// Synthetic weights give text without meaning, and would end it at random: they
/// run to the full length. Trained models end where they end.
fn generation(args: &SweepArgs, weights: Weights) -> Generation {
    let stop = match (args.stop, weights) {
        (Some(StopArg::Length), _) | (None, Weights::Synthetic) => StopRule::FixedLength,
        (Some(StopArg::EndToken), _) | (None, Weights::Real) => StopRule::Natural,
    };
    Generation { max_new_tokens: args.max_new_tokens(), stop, chat_template: !args.no_chat_template }
}

/// The types of a file's weights: the one that most matrices have, and the
/// embedding's where it differs.
pub fn quant_of(header: &Header) -> String {
    let mut elements: BTreeMap<&str, u64> = BTreeMap::new();
    let is_matrix = |name: &str| name.starts_with("blk.") && name.ends_with(".weight");
    for tensor in header.tensors.iter().filter(|tensor| is_matrix(&tensor.name) && tensor.dims.len() > 1) {
        *elements.entry(tensor.ggml_type.name()).or_default() += tensor.elements;
    }
    let main = elements.into_iter().max_by_key(|&(_, count)| count).map_or("unknown", |(name, _)| name);
    let embedding = header.tensors.iter().find(|tensor| tensor.name == "token_embd.weight");
    match embedding.map(|tensor| tensor.ggml_type.name()) {
        Some(embedding) if embedding != main => format!("{main}+embd-{embedding}"),
        _ => main.to_owned(),
    }
}

/// SHA-256 of a file, as lower-case hex.
///
/// # Errors
/// When it cannot be read.
pub fn hash_file(path: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut file = io::BufReader::with_capacity(1 << 20, File::open(path)?);
    io::copy(&mut file, &mut HashWriter(&mut digest))?;
    Ok(hex(&digest.finalize()))
}

struct HashWriter<'a>(&'a mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
