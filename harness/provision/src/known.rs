//! Planned models of what is at hand: shapes and files.

use crate::{
    hashes::Hashes,
    named::{check_kind, header_of},
};
use slm_models::{FileType, Header, Shape, SplitName, WeightTypes};
use slm_plan::{
    FilePart, ModelSource, PlannedModel, Weights,
    error::{Error, Result},
    request::{EmbeddingTypes, SweepRequest},
};
use slm_protocol::EngineKind;
use std::{collections::BTreeMap, path::Path};

/// Seed of the weights of synthetic models. It is not `--seed`, so that a sweep in
/// another order measures the same files.
const WEIGHTS_SEED: u64 = 1;

/// The storage types of a synthetic model.
///
/// # Errors
/// [`Error::Input`] when a type that was asked for does not fit the shape.
pub fn types_of(embeddings: Option<EmbeddingTypes>, quant: FileType, shape: &Shape) -> Result<WeightTypes> {
    let types = EmbeddingTypes::weight_types(embeddings, quant, shape);
    match types.misfit(shape) {
        None => Ok(types),
        Some(problem) => Err(Error::input(problem, "give a type with groups of 32 as --embd, or auto")),
    }
}

/// A shape's name in tables: the user's own text where that is short, so that it is
/// found again.
pub(crate) fn shape_name(given: &str, shape: &Shape) -> String {
    if given.len() <= 80 { given.to_owned() } else { format!("shape:{shape}") }
}

/// A synthetic model in every quantization.
pub(crate) fn from_shape(
    name: &str,
    shape: &Shape,
    request: &SweepRequest,
    engine: EngineKind,
) -> Result<Vec<PlannedModel>> {
    let planned = |quant: FileType| {
        let types = types_of(request.embeddings, quant, shape)?;
        Ok(PlannedModel {
            name: name.to_owned(),
            engine,
            weights: Weights::Synthetic,
            quant: types.to_string(),
            params: shape.params(),
            bits_per_weight: Some(shape.bits_per_weight(&types)),
            file_bytes: shape.data_bytes(&types),
            source: ModelSource::Shape { shape: shape.clone(), types, seed: WEIGHTS_SEED },
            generation: request.output.generation(Weights::Synthetic),
            variant: None,
        })
    };
    request.quants_or_default().into_iter().map(planned).collect()
}

/// A file of the user's, or all parts of a split one; `called`: its name in tables, else
/// that of the file.
pub(crate) fn from_file(
    path: &Path,
    called: Option<&str>,
    header: &Header,
    request: &SweepRequest,
    hashes: &Hashes,
    engine: EngineKind,
) -> Result<PlannedModel> {
    check_kind(path, header)?;
    let name = match called {
        Some(name) => name.to_owned(),
        None => file_model_name(path).ok_or_else(|| not_text(path))?,
    };
    let mut parts = Vec::new();
    for part in &header.parts {
        let sha256 = hashes.of(&part.path)?;
        let path = absolute(&part.path, header.parts.len() > 1)?;
        parts.push(FilePart { path, bytes: part.bytes, sha256 });
    }
    let mut parts = parts.into_iter();
    let Some(FilePart { path: first, sha256, .. }) = parts.next() else {
        return Err(Error::Internal(format!("{}: a header of no file", path.display())));
    };
    let weights = if header.is_synthetic() { Weights::Synthetic } else { Weights::Real };
    Ok(PlannedModel {
        name,
        engine,
        weights,
        quant: quant_of(header),
        params: header.params(),
        bits_per_weight: Some(header.bits_per_weight()),
        file_bytes: header.file_bytes,
        source: ModelSource::File { path: first, sha256, further: parts.collect() },
        generation: request.output.generation(weights),
        variant: None,
    })
}

/// What a file's model is called in tables: its file name, of a split model without the
/// number of the part.
pub(crate) fn file_model_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    Some(SplitName::parse(name).map_or_else(|| name.to_owned(), |split| format!("{}.gguf", split.stem)))
}

/// An absolute path. The parts of a split model keep their names, by which the engine finds
/// them; one file alone may be a link to a name that says nothing.
fn absolute(path: &Path, keep_name: bool) -> Result<String> {
    let failed = |error| Error::reading(path, &error);
    let absolute = match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) if keep_name => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            folder.canonicalize().map_err(failed)?.join(name)
        }
        _ => path.canonicalize().map_err(failed)?,
    };
    absolute.to_str().map(str::to_owned).ok_or_else(|| not_text(path))
}

fn not_text(path: &Path) -> Error {
    Error::input(format!("{} is not a UTF-8 path", path.display()), "rename the file")
}

/// A file that was made for this sweep.
pub(crate) fn from_path(
    path: &Path,
    quant: FileType,
    request: &SweepRequest,
    hashes: &Hashes,
    engine: EngineKind,
) -> Result<PlannedModel> {
    let planned = from_file(path, None, &header_of(path)?, request, hashes, engine)?;
    Ok(match request.embeddings {
        // A file of a mixture does not tell what was asked for.
        Some(EmbeddingTypes::Type(embeddings)) if quant.is_k_quant() => {
            PlannedModel { quant: WeightTypes::of(quant).with_embeddings(embeddings).to_string(), ..planned }
        }
        _ => planned,
    })
}

/// Whether a file is in the types asked for as it is.
pub(crate) fn has_types(header: &Header, quant: FileType, embeddings: Option<EmbeddingTypes>) -> bool {
    header.file_type() == Some(quant) && !matches!(embeddings, Some(EmbeddingTypes::Type(_)))
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
