//! Real weights: models of the hub, converted and kept in the cache.

use crate::{ask_agent::ask, local_agent::find_agent};
use crate::{
    cache_folder, same_shape,
    work::{Event, Work},
};
use slm_import::{Import, ImportError, Imported, Request};
use slm_models::{Catalogue, WeightTypes};
use slm_plan::{
    error::{Error, Result},
    text::file_name,
};
use slm_protocol::{TokenizeReport, TokenizeRequest};
use std::{
    env,
    ffi::OsStr,
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

/// Where the imported weights of a model are kept.
pub fn imported_file(name: &str, types: WeightTypes) -> PathBuf {
    let types = types.to_string().replace('+', "-");
    cache_folder().join("imported").join(format!("{}-{types}.gguf", file_name(&name.to_lowercase())))
}

/// The types in which a model was imported, most bits first.
pub(crate) fn imported_types(name: &str) -> Vec<WeightTypes> {
    let start = format!("{}-", file_name(&name.to_lowercase()));
    let types = |file: String| {
        let types = file.strip_prefix(&start)?.strip_suffix(".gguf")?;
        types.replace("-embd-", "+embd-").replace("-out-", "+out-").parse::<WeightTypes>().ok()
    };
    let entries = fs::read_dir(cache_folder().join("imported")).into_iter().flatten().flatten();
    let mut found: Vec<WeightTypes> =
        entries.filter_map(|entry| types(entry.file_name().into_string().ok()?)).collect();
    found.sort_by_key(|types| types.matrices().number());
    found
}

/// Whether something was imported under a name.
pub(crate) fn is_imported(name: &str) -> bool {
    !imported_types(name).is_empty()
}

/// What files of a repository are kept under.
pub fn imported_name(repo: &str, commit: &str) -> String {
    format!("{}-{}", repo.replace('/', "--"), commit.get(..12).unwrap_or(commit))
}

/// Reads a folder, writes the file and has the agent prove it.
///
/// # Errors
/// [`Error::Input`] that names what is not supported or damaged; [`Error::Interrupted`].
pub fn import(
    request: Request,
    out: Option<PathBuf>,
    name: &str,
    work: Work<'_>,
) -> Result<(PathBuf, Imported)> {
    find_agent()?;
    let folder = request.folder.clone();
    let origin = request.repository.clone().zip(request.commit.clone());
    let import = Import::read(request).map_err(|error| refused(&error))?;
    if let (None, Ok(entry)) = (&out, Catalogue::builtin().find(name)) {
        let origin = origin.as_ref().map(|(repo, commit)| (repo.as_str(), commit.as_str()));
        same_shape::check_import(entry, &import, &folder, origin)?;
    }
    let file = out.unwrap_or_else(|| imported_file(name, import.types()));
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|error| Error::unwritable(folder, &error))?;
    }
    let shape = import.shape();
    work.tell(Event::Importing {
        what: format!("{}, {} parameters; {}", shape.arch(), shape.params(), import.tokenizer()),
        remarks: import.notes().to_vec(),
    });
    let imported = import.write(&file, &mut ask_agent, &mut |done, total| {
        work.tell(Event::Written { done, total });
        if work.interrupt.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    work.tell(Event::WritingEnded);
    Ok((file, imported.map_err(|error| refused(&error))?))
}

fn refused(error: &ImportError) -> Error {
    match error {
        ImportError::Interrupted => Error::Interrupted,
        ImportError::Write(_) => Error::input(error.to_string(), "choose another place with --out"),
        ImportError::Refused(_) | ImportError::Unadvised(_) | ImportError::Read { .. } => {
            Error::Input(error.to_string())
        }
    }
}

/// `slm-agent tokenize`.
fn ask_agent(model: &Path, request: &TokenizeRequest) -> std::result::Result<TokenizeReport, String> {
    let model = env::current_dir().unwrap_or_default().join(model);
    let args = [OsStr::new("tokenize"), model.as_os_str()];
    ask(&args, request, "the engine does not take the converted file")
}
