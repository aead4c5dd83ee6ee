//! What a model's name on the command line stands for.

use super::{
    HubModel, Machine,
    checkpoint::hub,
    compiled::{self, runs_compiled},
    hashes::Hashes,
    weights::{in_fewer_bits, is_at_hand, real_file},
};
use crate::{
    cli::{EmbdArg, StopArg, SweepArgs, WeightsArg},
    error::{Error, Result},
    hex,
    hub::{Address, HubError},
    interrupt::Interrupt,
    plan::{ModelSource, PlannedModel, Weights},
    quantise::coarse_tensor,
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
    /// A repository of the hub without a GGUF file.
    Checkpoint(HubModel),
}

/// Looks a name up: the hub where it begins with `hf:`, a file where it looks like one
/// or is one, else a shape, else the catalogue.
///
/// # Errors
/// [`Error::Input`] that names what is wrong and the remedy.
pub fn named(name: &str, interrupt: &Interrupt) -> Result<Named> {
    let mut path = Path::new(name).to_owned();
    if let Some(address) = name.strip_prefix("hf:") {
        let address: Address = address.parse().map_err(HubError::from)?;
        match pull_gguf(&address, interrupt)? {
            Some(file) => path = file,
            None => return Ok(Named::Checkpoint(HubModel::of_address(address))),
        }
    }
    let looks_like_file = name.contains('/') || path.extension().is_some_and(|extension| extension == "gguf");
    if looks_like_file || path.is_file() {
        // A file that is cut short is measured like any other: its trials become
        // rows that say so.
        let header = read_header_of_part(&path).map_err(|error| not_a_model(&error))?;
        if let Some(problem) = header.cut_short() {
            note(&format!("bench: {}: {}", clean(name), clean(&problem)));
        }
        return Ok(Named::File(path, Box::new(header)));
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

/// A GGUF file of the hub, from its cache or downloaded now; `None` where the repository
/// has none, but may have a checkpoint.
fn pull_gguf(address: &Address, interrupt: &Interrupt) -> Result<Option<PathBuf>> {
    match hub(interrupt)?.pull_model(address, &mut pull_steps())? {
        Some(file) => Ok(Some(file.path)),
        None if address.file.is_none() => Ok(None),
        None => Err(Error::input(
            format!("{address} is no GGUF file"),
            format!("leave the file's name out to have the checkpoint of {} converted", address.repo),
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
pub fn resolve_all(
    args: &SweepArgs,
    engines: &[EngineKind],
    machines: &[Machine],
    interrupt: &Interrupt,
) -> Result<Vec<PlannedModel>> {
    let mut models: Vec<PlannedModel> = Vec::new();
    let hashes = Hashes::default();
    for name in args.models() {
        let resolved = if compiled::is_folder(&name) {
            compiled_model(&name, args, engines, machines)?
        } else {
            let Some(engine) = engines.iter().find(|engine| !runs_compiled(**engine)) else {
                let what = format!("{name} is no folder of a compiled model");
                let remedy = format!("add llama.cpp to --backend, or {}", compiled::GET);
                return Err(Error::input(what, remedy));
            };
            resolve(&name, args, *engine, &hashes, interrupt)?
        };
        let is_double = |other: &&PlannedModel| {
            resolved.iter().any(|own| (&own.name, own.backend) == (&other.name, other.backend))
        };
        if let Some(double) = models.iter().find(is_double) {
            let what = format!("'{name}' and an earlier model are both called {}", double.name);
            return Err(Error::input(what, "give each model once; rename a file to tell it from another"));
        }
        models.extend(resolved);
    }
    Ok(models)
}

/// A compiled model under every engine that takes it.
fn compiled_model(
    name: &str,
    args: &SweepArgs,
    engines: &[EngineKind],
    machines: &[Machine],
) -> Result<Vec<PlannedModel>> {
    let engines: Vec<EngineKind> = engines.iter().copied().filter(|engine| runs_compiled(*engine)).collect();
    if engines.is_empty() {
        let what = format!("{name} is a folder of a compiled model, which no engine of --backend runs");
        return Err(Error::input(what, "add mlc: --backend llama.cpp,mlc --mlc-runtime DIR"));
    }
    engines.into_iter().map(|engine| compiled::resolve(name, args, engine, machines)).collect()
}

/// One model in every quantisation; at least one.
fn resolve(
    name: &str,
    args: &SweepArgs,
    backend: EngineKind,
    hashes: &Hashes,
    interrupt: &Interrupt,
) -> Result<Vec<PlannedModel>> {
    let mut models = match named(name, interrupt)? {
        Named::Catalogue(entry) => {
            if let Some(reason) = &entry.unsupported {
                let what = format!("{} cannot be measured: {reason}", entry.name);
                return Err(Error::input(what, "choose another model or describe a similar one as shape:…"));
            }
            let real = match args.weights {
                WeightsArg::Synthetic => false,
                WeightsArg::Real => true,
                WeightsArg::Auto => {
                    args.quants().iter().all(|quant| is_at_hand(&entry.name, *quant, args.embd))
                }
            };
            if real {
                let hub_model = || HubModel::of_entry(entry);
                from_checkpoint(&entry.name, &entry.name, hub_model, args, hashes, interrupt)?
            } else {
                from_shape(&entry.name, &entry.shape, args)?
            }
        }
        Named::Shape(shape) => {
            if let Some(reason) = shape.unsupported() {
                let what = format!("{shape} cannot be measured: {reason}");
                return Err(Error::input(what, "choose another arch"));
            }
            from_shape(&shape_name(name, &shape), &shape, args)?
        }
        Named::Checkpoint(model) => from_checkpoint(
            model.repo(),
            &model.name(interrupt)?,
            || Ok(model.clone()),
            args,
            hashes,
            interrupt,
        )?,
        Named::File(path, header) => from_users_file(&path, &header, args, hashes, interrupt)?,
    };
    if backend == EngineKind::Null {
        for model in &mut models {
            (model.backend, model.source) = (backend, ModelSource::Nothing);
        }
    }
    Ok(models)
}

/// A file is measured as it is, or in the quantisations asked for where it can be quantised.
fn from_users_file(
    path: &Path,
    header: &Header,
    args: &SweepArgs,
    hashes: &Hashes,
    interrupt: &Interrupt,
) -> Result<Vec<PlannedModel>> {
    let own = from_file(path, header, args, hashes)?;
    let Some(asked) = args.asked_quants() else { return Ok(vec![own]) };
    let planned = |quant: &FileType| {
        if header.file_type() == Some(*quant) && !matches!(args.embd, Some(EmbdArg::Type(_))) {
            return Ok(own.clone());
        }
        if let Some(tensor) = coarse_tensor(header) {
            let what = format!(
                "{} is quantised already ({} is {}), and --quant asks for {quant}",
                path.display(),
                clean(&tensor.name),
                tensor.ggml_type
            );
            let remedy = "leave --quant out to measure it as it is, or give the model in f16, bf16 or f32";
            return Err(Error::input(what, remedy));
        }
        let file = in_fewer_bits(path, header, *quant, args.embd, hashes, interrupt)?;
        Ok(PlannedModel { name: own.name.clone(), ..from_path(&file, *quant, args, hashes)? })
    };
    asked.iter().map(planned).collect()
}

/// A model's real weights in every quantisation: `name` is for the tables, `kept` what
/// its converted files are kept under.
fn from_checkpoint(
    name: &str,
    kept: &str,
    model: impl Fn() -> Result<HubModel>,
    args: &SweepArgs,
    hashes: &Hashes,
    interrupt: &Interrupt,
) -> Result<Vec<PlannedModel>> {
    let planned = |quant| {
        let file = real_file(kept, &model, quant, args.embd, hashes, interrupt)?;
        note(&format!("{name}: real weights of {}", clean(&file.display().to_string())));
        Ok(PlannedModel { name: name.to_owned(), ..from_path(&file, quant, args, hashes)? })
    };
    args.quants().into_iter().map(planned).collect()
}

/// A file that was made for this sweep.
fn from_path(path: &Path, quant: FileType, args: &SweepArgs, hashes: &Hashes) -> Result<PlannedModel> {
    let header = read_header_of_part(path).map_err(|error| not_a_model(&error))?;
    let planned = from_file(path, &header, args, hashes)?;
    Ok(match args.embd {
        // A file of a mixture does not tell what was asked for.
        Some(EmbdArg::Type(embeddings)) if quant.is_k_quant() => {
            PlannedModel { quant: WeightTypes::of(quant).with_embeddings(embeddings).to_string(), ..planned }
        }
        _ => planned,
    })
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
            backend: EngineKind::Llama,
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

fn from_file(path: &Path, header: &Header, args: &SweepArgs, hashes: &Hashes) -> Result<PlannedModel> {
    let absolute = path.canonicalize().map_err(|error| Error::reading(path, &error))?;
    let not_text = || Error::input(format!("{} is not a UTF-8 path", path.display()), "rename the file");
    let text = absolute.to_str().ok_or_else(not_text)?.to_owned();
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(not_text)?.to_owned();
    let sha256 = hashes.of(&absolute)?;
    let file_bytes = absolute.metadata().map_err(|error| Error::reading(path, &error))?.len();
    let weights = if header.is_synthetic() { Weights::Synthetic } else { Weights::Real };
    Ok(PlannedModel {
        name,
        backend: EngineKind::Llama,
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
pub(super) fn generation(args: &SweepArgs, weights: Weights) -> Generation {
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
