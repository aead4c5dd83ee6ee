//! What a model's name on the command line stands for.

use crate::{
    cli::{EmbdArg, StopArg, SweepArgs},
    error::{Error, Result},
    hex,
    hub::{Address, Hub, HubError, HubOptions},
    plan::{ModelSource, PlannedModel, Weights},
    show::{clean, note, pull_steps},
};
use sha2::{Digest, Sha256};
use slm_models::{Catalogue, Entry, FileType, GgufError, Header, Shape, WeightTypes, read_header_of_part};
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

/// The storage types of a synthetic model.
///
/// # Errors
/// [`Error::Input`] when a type that was asked for does not fit the shape.
pub fn types_of(embd: Option<EmbdArg>, quant: FileType, shape: &Shape) -> Result<WeightTypes> {
    let types = EmbdArg::weight_types(embd, quant, shape);
    match types.misfit(shape) {
        None => Ok(types),
        Some(problem) => Err(Error::input(problem, "give a type with groups of 32 as --embd, or auto")),
    }
}

/// Resolves all models of a sweep, each once in every quantisation.
///
/// # Errors
/// [`Error::Input`] that names the model, what is wrong and the remedy.
pub fn resolve_all(args: &SweepArgs, backend: EngineKind) -> Result<Vec<PlannedModel>> {
    let mut models: Vec<PlannedModel> = Vec::new();
    for name in args.models() {
        let resolved = resolve(&name, args, backend)?;
        if let Some(double) = models.iter().find(|other| other.name == resolved[0].name) {
            let what = format!("'{name}' and an earlier model are both called {}", double.name);
            return Err(Error::input(what, "give each model once; rename a file to tell it from another"));
        }
        models.extend(resolved);
    }
    Ok(models)
}

/// One model in every quantisation; at least one.
fn resolve(name: &str, args: &SweepArgs, backend: EngineKind) -> Result<Vec<PlannedModel>> {
    let mut models = match named(name)? {
        Named::Catalogue(entry) => {
            if let Some(reason) = &entry.unsupported {
                let what = format!("{} cannot be measured: {reason}", entry.name);
                return Err(Error::input(what, "choose another model or describe a similar one as shape:…"));
            }
            from_shape(&entry.name, &entry.shape, args)?
        }
        Named::Shape(shape) => {
            if let Some(reason) = shape.unsupported() {
                let what = format!("{shape} cannot be measured: {reason}");
                return Err(Error::input(what, "choose another arch"));
            }
            from_shape(&shape_name(name, &shape), &shape, args)?
        }
        Named::File(path, header) => {
            refuse_other_quants(name, &header, args)?;
            vec![from_file(&path, &header, args)?]
        }
    };
    if backend == EngineKind::Null {
        models.iter_mut().for_each(|model| model.source = ModelSource::Nothing);
    }
    Ok(models)
}

/// A file is measured as it is: any other quantisation than its own is refused.
fn refuse_other_quants(name: &str, header: &Header, args: &SweepArgs) -> Result<()> {
    let own = header.file_type();
    match args.asked_quants() {
        Some(asked) if asked.iter().any(|quant| Some(*quant) != own) => {
            let other = asked.iter().find(|quant| Some(**quant) != own).map_or("", |quant| quant.name());
            let what = format!("{name} is a file of type {}, and --quant asks for {other}", quant_of(header));
            let remedy = "leave --quant out to measure it as it is, or give files of each type; a file is not quantised here";
            Err(Error::input(what, remedy))
        }
        _ => Ok(()),
    }
}

/// A shape's name in tables: as typed where that is short, so that the user finds
/// it again.
fn shape_name(typed: &str, shape: &Shape) -> String {
    if typed.len() <= 80 { typed.to_owned() } else { format!("shape:{shape}") }
}

fn from_shape(name: &str, shape: &Shape, args: &SweepArgs) -> Result<Vec<PlannedModel>> {
    let planned = |quant: FileType| {
        let types = types_of(args.embd, quant, shape)?;
        Ok(PlannedModel {
            name: name.to_owned(),
            weights: Weights::Synthetic,
            quant: types.to_string(),
            params: shape.params(),
            bits_per_weight: Some(shape.bits_per_weight(&types)),
            file_bytes: shape.data_bytes(&types),
            source: ModelSource::Shape { shape: shape.clone(), types, seed: WEIGHTS_SEED },
            generation: generation(args, Weights::Synthetic),
        })
    };
    args.quants().into_iter().map(planned).collect()
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
        bits_per_weight: Some(header.bits_per_weight()),
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
    Generation {
        max_new_tokens: args.max_new_tokens(),
        stop,
        chat_template: !args.no_chat_template,
        system: args.system.clone(),
    }
}

/// The types of a file's weights: of llama.cpp's K mixtures their name; else the type
/// that most matrices have, and the embedding's where it differs.
pub fn quant_of(header: &Header) -> String {
    if let Some(mixture) = header.file_type().filter(|kind| kind.is_k_quant()) {
        return mixture.name().to_owned();
    }
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
