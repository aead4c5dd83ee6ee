//! What the models of a sweep stand for, before anything is fetched or made. Files are read;
//! nothing is written, downloaded or started.

use crate::{
    HubModel, Machine, called, compiled,
    hashes::Hashes,
    hub::Address,
    imported_types, known,
    named::{Named, header_of, named},
    quantize::coarse_tensor,
    same_shape, weights,
};
use slm_models::{Entry, FileType, Header};
use slm_plan::{
    ModelSource, PlannedModel, Weights,
    error::{Error, Result},
    request::{EmbeddingTypes, SweepRequest, WeightsChoice},
    text::clean,
};
use slm_protocol::{EngineKind, ModelForm};
use std::path::{Path, PathBuf};

/// The models of a sweep: those whose files are known, and those to be provided first.
#[derive(Debug)]
pub struct Resolution {
    pub(crate) items: Vec<Item>,
    pub(crate) hashes: Hashes,
    /// What the user should know, one line each.
    pub remarks: Vec<String>,
}

/// One name, resolved; a model in each quantization and under each engine.
#[derive(Debug)]
pub(crate) enum Item {
    /// Nothing is left to be found out.
    Known(Vec<PlannedModel>),
    /// To be provided, then run by an engine.
    Wanted(Wanted, EngineKind),
}

/// What must be provided before a model's file is there.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// A file or checkpoint of the hub; what its file is called in tables, if not by its name.
    Hub(Address, Option<String>),
    /// The real weights of a model of the catalogue.
    Real(&'static Entry),
    /// A file of the user's in other quantizations.
    Quantized { path: PathBuf, header: Box<Header>, own: Box<PlannedModel>, quants: Vec<FileType> },
}

/// Resolves all models of a sweep, each once in every quantization.
///
/// # Errors
/// [`Error::Input`] that names the model, what is wrong and the remedy.
pub fn resolve(request: &SweepRequest, machines: &[Machine]) -> Result<Resolution> {
    let mut resolution = Resolution { items: Vec::new(), hashes: Hashes::default(), remarks: Vec::new() };
    let called = called::names(&request.models);
    for name in &request.models {
        let item = if compiled::is_folder(name) {
            Item::Known(compiled_model(name, request, machines)?)
        } else {
            resolve_one(name, called.get(name), request, &mut resolution)?
        };
        resolution.items.push(item);
    }
    refuse_doubles(&resolution.each(request))?;
    Ok(resolution)
}

impl Resolution {
    /// The models as far as they are known; the source of the others is
    /// [`ModelSource::Pending`].
    pub fn preview(&self, request: &SweepRequest) -> Vec<PlannedModel> {
        self.each(request).concat()
    }

    /// Whether every file is known, so that nothing is left to be provided.
    pub fn is_complete(&self) -> bool {
        self.items.iter().all(|item| matches!(item, Item::Known(_)))
    }

    fn each(&self, request: &SweepRequest) -> Vec<Vec<PlannedModel>> {
        let models = |item: &Item| match item {
            Item::Known(models) => models.clone(),
            Item::Wanted(wanted, engine) => under(preview(wanted, request, *engine), *engine),
        };
        self.items.iter().map(models).collect()
    }
}

/// Two models of one name under one engine would be taken for each other. Each list is what
/// one name stands for.
pub(crate) fn refuse_doubles(models: &[Vec<PlannedModel>]) -> Result<()> {
    for (at, own) in models.iter().enumerate() {
        let same = |other: &&PlannedModel| {
            own.iter().any(|own| (&own.name, own.engine) == (&other.name, other.engine))
        };
        if let Some(double) = models[..at].iter().flatten().find(same) {
            let what = format!("two models are called {}", double.name);
            return Err(Error::input(what, "give each model once; rename a file to tell it from another"));
        }
    }
    Ok(())
}

/// A compiled model under every engine that takes it.
fn compiled_model(name: &str, request: &SweepRequest, machines: &[Machine]) -> Result<Vec<PlannedModel>> {
    let takes = |engine: &EngineKind| compiled::runs_compiled(*engine);
    let engines: Vec<EngineKind> = request.engines.iter().copied().filter(takes).collect();
    if engines.is_empty() {
        let what = format!("{name} is a folder of a compiled model, which no engine of --backend runs");
        return Err(Error::input(what, "add mlc: --backend llama.cpp,mlc --mlc-runtime DIR"));
    }
    engines.into_iter().map(|engine| compiled::resolve(name, request, engine, machines)).collect()
}

/// One model in every quantization; at least one.
fn resolve_one(
    name: &str,
    called: Option<&String>,
    request: &SweepRequest,
    resolution: &mut Resolution,
) -> Result<Item> {
    let Some(engine) = request.engines.iter().copied().find(|engine| !compiled::runs_compiled(*engine))
    else {
        let what = format!("{name} is no folder of a compiled model");
        let remedy = format!("add llama.cpp to --backend, or {}", compiled::GET);
        return Err(Error::input(what, remedy));
    };
    let hashes = &resolution.hashes;
    let item = match named(name)? {
        Named::Catalogue(entry) => of_catalogue(entry, request, hashes, engine)?,
        Named::Shape(shape) => {
            if let Some(reason) = shape.unsupported() {
                let what = format!("{shape} cannot be measured: {reason}");
                return Err(Error::input(what, "choose another arch"));
            }
            Item::Known(known::from_shape(&known::shape_name(name, &shape), &shape, request, engine)?)
        }
        Named::Hub(address) => Item::Wanted(Wanted::Hub(address, called.cloned()), engine),
        Named::Imported(name) => of_imported(&name, request, hashes, engine)?,
        Named::File(path, header) => {
            if let Some(problem) = header.cut_short() {
                resolution.remarks.push(format!("{}: {}", clean(name), clean(&problem)));
            }
            users_file(path, called.map(String::as_str), header, request, hashes, engine)?
        }
    };
    Ok(match item {
        Item::Known(models) => Item::Known(under(models, engine)),
        wanted @ Item::Wanted(..) => wanted,
    })
}

fn of_catalogue(
    entry: &'static Entry,
    request: &SweepRequest,
    hashes: &Hashes,
    engine: EngineKind,
) -> Result<Item> {
    if let Some(reason) = &entry.unsupported {
        let what = format!("{} cannot be measured: {reason}", entry.name);
        return Err(Error::input(what, "choose another model or describe a similar one as shape:…"));
    }
    let quants = request.quants_or_default();
    let at_hand = |quant: &FileType| weights::is_at_hand(&entry.name, *quant, request.embeddings);
    if request.weights != WeightsChoice::Synthetic {
        for file in quants.iter().filter_map(|quant| weights::kept(&entry.name, *quant, request.embeddings)) {
            same_shape::check_file(entry, &file)?;
        }
    }
    let is_real = match request.weights {
        WeightsChoice::Synthetic => false,
        WeightsChoice::Real => true,
        WeightsChoice::Auto => quants.iter().all(at_hand),
    };
    if !is_real {
        return Ok(Item::Known(known::from_shape(&entry.name, &entry.shape, request, engine)?));
    }
    let files: Option<Vec<PathBuf>> =
        quants.iter().map(|quant| weights::made(&entry.name, *quant, request.embeddings)).collect();
    let Some(files) = files else {
        if !quants.iter().all(at_hand) {
            // Refused now rather than when it is to be fetched.
            HubModel::of_entry(entry)?;
        }
        return Ok(Item::Wanted(Wanted::Real(entry), engine));
    };
    let planned = |(file, quant): (&PathBuf, &FileType)| {
        Ok(PlannedModel {
            name: entry.name.clone(),
            ..known::from_path(file, *quant, request, hashes, engine)?
        })
    };
    Ok(Item::Known(files.iter().zip(&quants).map(planned).collect::<Result<_>>()?))
}

/// What was imported under a name of the user's: in the types it was imported in, or in those
/// asked for where its F16 file is there.
fn of_imported(name: &str, request: &SweepRequest, hashes: &Hashes, engine: EngineKind) -> Result<Item> {
    let made = |quant: &FileType| weights::made(name, *quant, request.embeddings);
    let quants = match &request.quants {
        Some(asked) => asked.clone(),
        None => weights::default_types(name, request.embeddings),
    };
    if let Some(files) = quants.iter().map(made).collect::<Option<Vec<PathBuf>>>() {
        let planned = |(file, quant): (&PathBuf, &FileType)| {
            let model = known::from_path(file, *quant, request, hashes, engine)?;
            Ok(PlannedModel { name: name.to_owned(), ..model })
        };
        return Ok(Item::Known(files.iter().zip(&quants).map(planned).collect::<Result<_>>()?));
    }
    let Some(float) = weights::made(name, FileType::F16, None) else {
        let kept: Vec<String> = imported_types(name).iter().map(ToString::to_string).collect();
        let what = format!("{name} was imported as {} only", kept.join(", "));
        return Err(Error::input(what, "import it again with --type f16, from which the others are made"));
    };
    let header = Box::new(header_of(&float)?);
    let request = SweepRequest { quants: Some(quants), ..request.clone() };
    users_file(float, Some(name), header, &request, hashes, engine)
}

/// A file is measured as it is, or in the quantizations asked for where it can be quantized.
fn users_file(
    path: PathBuf,
    called: Option<&str>,
    header: Box<Header>,
    request: &SweepRequest,
    hashes: &Hashes,
    engine: EngineKind,
) -> Result<Item> {
    let own = known::from_file(&path, called, &header, request, hashes, engine)?;
    let Some(asked) = &request.quants else { return Ok(Item::Known(vec![own])) };
    let as_is = |quant: &FileType| known::has_types(&header, *quant, request.embeddings);
    if asked.iter().all(as_is) {
        return Ok(Item::Known(vec![own; asked.len()]));
    }
    if let Some(quant) = asked.iter().find(|quant| !as_is(quant)) {
        refuse_quantized(&path, &header, *quant)?;
    }
    let wanted = Wanted::Quantized { path, header, own: Box::new(own), quants: asked.clone() };
    Ok(Item::Wanted(wanted, engine))
}

/// A file that is quantized already would lose more than its new type tells.
pub(crate) fn refuse_quantized(path: &Path, header: &Header, asked: FileType) -> Result<()> {
    let Some(tensor) = coarse_tensor(header) else { return Ok(()) };
    let (path, name, has) = (path.display(), clean(&tensor.name), tensor.ggml_type.name());
    let what = format!("{path} is quantized already ({name} is {has}), and --quant asks for {asked}");
    Err(Error::input(what, "leave --quant out to measure it as it is, or give the model in f16, bf16 or f32"))
}

/// Models as they will be, as far as that can be told without having their files.
fn preview(wanted: &Wanted, request: &SweepRequest, engine: EngineKind) -> Vec<PlannedModel> {
    let pending = |name: &str, quant: &str, from: String| PlannedModel {
        name: name.to_owned(),
        engine,
        weights: Weights::Real,
        quant: quant.to_owned(),
        params: 0,
        bits_per_weight: None,
        file_bytes: 0,
        source: ModelSource::Pending { from },
        generation: request.output.generation(Weights::Real),
        variant: None,
    };
    match wanted {
        Wanted::Hub(address, _) => {
            let quants =
                request.quants.as_ref().map(|quants| quants.iter().map(ToString::to_string).collect());
            let quants: Vec<String> = quants.unwrap_or_else(|| vec![String::new()]);
            let name = format!("hf:{address}");
            quants.iter().map(|quant| pending(&name, quant, "the hub".into())).collect()
        }
        Wanted::Real(entry) => {
            let types = |quant| EmbeddingTypes::weight_types(request.embeddings, quant, &entry.shape);
            let model = |quant: FileType| PlannedModel {
                params: entry.shape.params(),
                bits_per_weight: Some(entry.shape.bits_per_weight(&types(quant))),
                file_bytes: entry.shape.data_bytes(&types(quant)),
                ..pending(&entry.name, &types(quant).to_string(), "the hub, converted".into())
            };
            request.quants_or_default().into_iter().map(model).collect()
        }
        Wanted::Quantized { header, own, quants, .. } => {
            let model = |quant: &FileType| {
                if known::has_types(header, *quant, request.embeddings) {
                    return (**own).clone();
                }
                let base = quant.base().ggml();
                let bits = base.block_bytes() as f64 * 8.0 / base.block_elements() as f64;
                PlannedModel {
                    params: own.params,
                    bits_per_weight: Some(bits),
                    file_bytes: own.params * base.block_bytes() / base.block_elements(),
                    weights: own.weights,
                    generation: own.generation.clone(),
                    ..pending(&own.name, &quant.to_string(), "the file, quantized".into())
                }
            };
            quants.iter().map(model).collect()
        }
    }
}

/// An engine that runs no model needs no file.
pub(crate) fn under(mut models: Vec<PlannedModel>, engine: EngineKind) -> Vec<PlannedModel> {
    if engine.descriptor().model_form == ModelForm::None {
        for model in &mut models {
            model.source = ModelSource::Nothing;
        }
    }
    models
}
