//! Real weights in the types that a sweep asks for: from a file in floating point, from
//! what was imported before, or from the hub.

use crate::quantize::{Recipe, quantized};
use crate::{HubModel, hashes::Hashes, import, imported_file, imported_types, work::Work};
use slm_import::Embeddings;
use slm_models::{FileType, Header, WeightType, WeightTypes, can_encode, read_header};
use slm_plan::{
    error::{Error, Result},
    request::EmbeddingTypes,
};
use std::path::{Path, PathBuf};

/// A file that has the types asked for, or from which it is made.
enum Source {
    AsIs(PathBuf),
    Float(PathBuf),
}

/// Whether nothing of a model must be imported to have it in these types.
pub(crate) fn is_at_hand(name: &str, quant: FileType, embd: Option<EmbeddingTypes>) -> bool {
    at_hand(name, quant, embd).is_some()
}

/// The file of a model in just these types, where it was imported before.
pub(crate) fn made(name: &str, quant: FileType, embd: Option<EmbeddingTypes>) -> Option<PathBuf> {
    match at_hand(name, quant, embd) {
        Some(Source::AsIs(file)) => Some(file),
        Some(Source::Float(_)) | None => None,
    }
}

/// The file that a model's weights in these types are taken from, where it was imported.
pub(crate) fn kept(name: &str, quant: FileType, embd: Option<EmbeddingTypes>) -> Option<PathBuf> {
    match at_hand(name, quant, embd)? {
        Source::AsIs(file) | Source::Float(file) => Some(file),
    }
}

/// The types in which an imported model is measured where none are asked for: the usual one
/// if it can be had, else the smallest that was imported.
pub(crate) fn default_types(name: &str, embd: Option<EmbeddingTypes>) -> Vec<FileType> {
    let usual = FileType::Q4_0;
    if is_at_hand(name, usual, embd) {
        return vec![usual];
    }
    let plain = imported_types(name).into_iter().filter(|types| *types == WeightTypes::of(types.matrices()));
    let smallest = plain.map(|types| types.matrices()).min_by_key(|quant| {
        let base = quant.base().ggml();
        base.block_bytes() * 1000 / base.block_elements()
    });
    vec![smallest.unwrap_or(usual)]
}

fn at_hand(name: &str, quant: FileType, embd: Option<EmbeddingTypes>) -> Option<Source> {
    let imported = |types: WeightTypes| Some(imported_file(name, types)).filter(|file| file.is_file());
    let as_is = converted(quant, embd).and_then(imported).map(Source::AsIs);
    as_is.or_else(|| imported(WeightTypes::of(FileType::F16)).map(Source::Float))
}

/// The types as the conversion itself can write them; the engine makes the others of F16.
fn converted(quant: FileType, embd: Option<EmbeddingTypes>) -> Option<WeightTypes> {
    let types = match embd {
        None => WeightTypes::of(quant),
        Some(EmbeddingTypes::Type(embeddings)) => WeightTypes::of(quant).with_embeddings(embeddings),
        Some(EmbeddingTypes::Auto) if quant.is_float() => WeightTypes::of(quant),
        Some(EmbeddingTypes::Auto) => return None,
    };
    let written = |weight_type: WeightType| can_encode(weight_type.ggml());
    (written(quant.base()) && types.embeddings().is_none_or(written)).then_some(types)
}

/// The file of a model of the hub in one quantization, `name` being what it is kept under.
///
/// # Errors
/// As for pulling, importing and quantizing; [`Error::Interrupted`].
pub(crate) fn real_file(
    name: &str,
    model: impl FnOnce() -> Result<HubModel>,
    quant: FileType,
    embd: Option<EmbeddingTypes>,
    hashes: &Hashes,
    work: Work<'_>,
) -> Result<PathBuf> {
    let source = match at_hand(name, quant, embd) {
        Some(source) => source,
        None => fetch(&model()?, quant, embd, work)?,
    };
    match source {
        Source::AsIs(file) => Ok(file),
        Source::Float(file) => {
            let header = read_header(&file).map_err(|error| {
                Error::input(error.to_string(), "remove the file, so that it is imported again")
            })?;
            in_fewer_bits(&file, &header, quant, embd, hashes, work)
        }
    }
}

fn fetch(model: &HubModel, quant: FileType, embd: Option<EmbeddingTypes>, work: Work<'_>) -> Result<Source> {
    let checkpoint = model.fetch(work)?;
    let types = converted(quant, embd);
    let weights = if types.is_some() { quant } else { FileType::F16 };
    let embeddings = types.and_then(|types| types.embeddings()).map_or(Embeddings::Same, Embeddings::Type);
    let (file, _) = import(checkpoint.request(weights, embeddings, None), None, &checkpoint.name, work)?;
    Ok(if types.is_some() { Source::AsIs(file) } else { Source::Float(file) })
}

/// A file in floating point, quantized now or before.
///
/// # Errors
/// As for quantizing; [`Error::Interrupted`].
pub(crate) fn in_fewer_bits(
    file: &Path,
    header: &Header,
    quant: FileType,
    embd: Option<EmbeddingTypes>,
    hashes: &Hashes,
    work: Work<'_>,
) -> Result<PathBuf> {
    let recipe = recipe(header, quant, embd);
    quantized(file, &hashes.of_model(&header.parts)?, &recipe, work)?.ok_or(Error::Interrupted)
}

/// What synthetic models get by the same words: the plain kinds are of one type
/// throughout, of the others the engine decides.
fn recipe(header: &Header, quant: FileType, embd: Option<EmbeddingTypes>) -> Recipe {
    let throughout = (!quant.is_k_quant()).then(|| quant.base());
    // Where the embedding is the output too, its type is the embedding's.
    let has_head = header.tensors.iter().any(|tensor| tensor.name == "output.weight");
    let (embd, head) = match embd {
        None => (throughout, throughout),
        Some(EmbeddingTypes::Auto) => (None, None),
        Some(EmbeddingTypes::Type(embeddings)) => (Some(embeddings), throughout),
    };
    Recipe {
        quant: quant.into(),
        embd: embd.map(Into::into),
        head: head.filter(|_| has_head).map(Into::into),
    }
}
