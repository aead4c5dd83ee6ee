//! Real weights in the types that a sweep asks for: from a file in floating point, from
//! what was imported before, or from the hub.

use super::{HubModel, hashes::Hashes, import, imported_file};
use crate::{
    cli::EmbdArg,
    error::{Error, Result},
    interrupt::Interrupt,
    quantise::{Recipe, quantised},
    show::quantise_steps,
};
use slm_import::Embeddings;
use slm_models::{FileType, Header, WeightType, WeightTypes, can_encode, read_header};
use std::path::{Path, PathBuf};

/// A file that has the types asked for, or from which it is made.
enum Source {
    AsIs(PathBuf),
    Float(PathBuf),
}

/// Whether nothing of a model must be imported to have it in these types.
pub(super) fn is_at_hand(name: &str, quant: FileType, embd: Option<EmbdArg>) -> bool {
    at_hand(name, quant, embd).is_some()
}

fn at_hand(name: &str, quant: FileType, embd: Option<EmbdArg>) -> Option<Source> {
    let imported = |types: WeightTypes| Some(imported_file(name, types)).filter(|file| file.is_file());
    let as_is = converted(quant, embd).and_then(imported).map(Source::AsIs);
    as_is.or_else(|| imported(WeightTypes::of(FileType::F16)).map(Source::Float))
}

/// The types as the conversion itself can write them; the engine makes the others of F16.
fn converted(quant: FileType, embd: Option<EmbdArg>) -> Option<WeightTypes> {
    let types = match embd {
        None => WeightTypes::of(quant),
        Some(EmbdArg::Type(embeddings)) => WeightTypes::of(quant).with_embeddings(embeddings),
        Some(EmbdArg::Auto) if quant.is_float() => WeightTypes::of(quant),
        Some(EmbdArg::Auto) => return None,
    };
    let written = |weight_type: WeightType| can_encode(weight_type.ggml());
    (written(quant.base()) && types.embeddings().is_none_or(written)).then_some(types)
}

/// The file of a model of the hub in one quantisation, `name` being what it is kept under.
///
/// # Errors
/// As for pulling, importing and quantising; [`Error::Interrupted`].
pub(super) fn real_file(
    name: &str,
    model: impl FnOnce() -> Result<HubModel>,
    quant: FileType,
    embd: Option<EmbdArg>,
    hashes: &Hashes,
    interrupt: &Interrupt,
) -> Result<PathBuf> {
    let source = match at_hand(name, quant, embd) {
        Some(source) => source,
        None => fetch(&model()?, quant, embd, interrupt)?,
    };
    match source {
        Source::AsIs(file) => Ok(file),
        Source::Float(file) => {
            let header = read_header(&file).map_err(|error| {
                Error::input(error.to_string(), "remove the file, so that it is imported again")
            })?;
            in_fewer_bits(&file, &header, quant, embd, hashes, interrupt)
        }
    }
}

fn fetch(model: &HubModel, quant: FileType, embd: Option<EmbdArg>, interrupt: &Interrupt) -> Result<Source> {
    let checkpoint = model.fetch(interrupt)?;
    let types = converted(quant, embd);
    let weights = if types.is_some() { quant } else { FileType::F16 };
    let embeddings = types.and_then(|types| types.embeddings()).map_or(Embeddings::Same, Embeddings::Type);
    let (file, _) = import(checkpoint.request(weights, embeddings, None), None, &checkpoint.name, interrupt)?;
    Ok(if types.is_some() { Source::AsIs(file) } else { Source::Float(file) })
}

/// A file in floating point, quantised now or before.
///
/// # Errors
/// As for quantising; [`Error::Interrupted`].
pub(super) fn in_fewer_bits(
    file: &Path,
    header: &Header,
    quant: FileType,
    embd: Option<EmbdArg>,
    hashes: &Hashes,
    interrupt: &Interrupt,
) -> Result<PathBuf> {
    let recipe = recipe(header, quant, embd);
    quantised(file, &hashes.of(file)?, &recipe, &mut quantise_steps(), interrupt)?.ok_or(Error::Interrupted)
}

/// What synthetic models get by the same words: the plain kinds are of one type
/// throughout, of the others the engine decides.
fn recipe(header: &Header, quant: FileType, embd: Option<EmbdArg>) -> Recipe {
    let throughout = (!quant.is_k_quant()).then(|| quant.base());
    // Where the embedding is the output too, its type is the embedding's.
    let has_head = header.tensors.iter().any(|tensor| tensor.name == "output.weight");
    let (embd, head) = match embd {
        None => (throughout, throughout),
        Some(EmbdArg::Auto) => (None, None),
        Some(EmbdArg::Type(embeddings)) => (Some(embeddings), throughout),
    };
    Recipe {
        quant: quant.into(),
        embd: embd.map(Into::into),
        head: head.filter(|_| has_head).map(Into::into),
    }
}
