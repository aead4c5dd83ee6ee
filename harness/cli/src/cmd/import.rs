//! `bench models import`: a model of the hub to a GGUF file.

use crate::{
    args::{ImportArgs, OutputFormat},
    interrupt,
    show::{self, ModelWork, data},
};
use serde_json::json;
use slm_import::Embeddings;
use slm_models::Catalogue;
use slm_plan::{
    error::{Error, Result},
    text::{bytes, clean},
};
use slm_provision::{
    Checkpoint, HubModel, Work,
    hub::{Address, FileSet, HubError},
    import, open_hub,
};
use std::path::{Path, PathBuf};

/// Runs the command.
pub(super) fn run(args: ImportArgs) -> Result<()> {
    let (interrupt, shown) = (interrupt::listen()?, ModelWork::default());
    let work = Work { interrupt: &interrupt, tell: &|event| shown.show(event) };
    let tokenizer = args.tokenizer.as_deref().map(|name| tokenizer(name, work)).transpose()?;
    let checkpoint = checkpoint(&args.model, work)?;
    let embeddings = args.embd.unwrap_or(Embeddings::Same);
    let request = checkpoint.request(args.weights, embeddings, tokenizer);
    let is_kept = args.out.is_none();
    let (file, imported) = import(request, args.out, &checkpoint.name, work)?;
    let provenance = &imported.provenance;
    if args.output.output == OutputFormat::Json {
        let mut value =
            serde_json::to_value(provenance).map_err(|error| Error::Internal(error.to_string()))?;
        value["path"] = json!(file.display().to_string());
        value["texts_compared"] = json!(imported.texts);
        return show::json(&value);
    }
    let types: Vec<String> =
        provenance.tensor_types.iter().map(|(name, count)| format!("{count} {name}")).collect();
    data(&format!(
        "{}: {}, {:.2} bits per weight ({}), sha256 {}\n",
        clean(&file.display().to_string()),
        bytes(imported.bytes),
        provenance.bits_per_weight,
        types.join(", "),
        provenance.file.sha256
    ));
    show::note(&format!(
        "token ids of {} texts are those of tokenizer.json; sources in {}",
        imported.texts,
        clean(&imported.provenance_path.display().to_string())
    ));
    if is_kept {
        show::note(&format!("measure it with --models {}", clean(&checkpoint.name)));
    }
    Ok(())
}

/// A folder, else a model of the catalogue, else a repository of the hub.
fn checkpoint(name: &str, work: Work<'_>) -> Result<Checkpoint> {
    let path = Path::new(name);
    if path.is_dir() {
        return Checkpoint::of_folder(path);
    }
    if let Ok(entry) = Catalogue::builtin().find(name) {
        return HubModel::of_entry(entry)?.fetch(work);
    }
    HubModel::of_address(address(name)?).fetch(work)
}

/// A tokenizer's folder, or a repository of the hub that has it.
fn tokenizer(name: &str, work: Work<'_>) -> Result<PathBuf> {
    let path = Path::new(name);
    if path.is_dir() {
        return Ok(path.to_owned());
    }
    let Address { repo, revision, .. } = address(name)?;
    let names = ["tokenizer.json", "tokenizer_config.json"];
    let files = names.iter().map(|name| name.parse()).collect::<std::result::Result<Vec<_>, _>>();
    let files = FileSet::Named(files.map_err(HubError::from)?);
    let hub = open_hub(work.interrupt)?;
    Ok(hub.fetch_snapshot(&repo, &revision, &files, &mut work.pull_steps())?.path)
}

/// A repository by its name, with or without `hf:`.
fn address(name: &str) -> Result<Address> {
    let is_path = Path::new(name).is_absolute() || name.starts_with('.') || name.ends_with('/');
    let address = name.strip_prefix("hf:").unwrap_or(name).parse::<Address>();
    match address {
        // One word may be an old repository, but is rather a mistyped name.
        Ok(address) if !is_path && (address.repo.as_str().contains('/') || name.starts_with("hf:")) => {
            if let Some(file) = &address.file {
                let what = format!("{file} is one file of {}", address.repo);
                return Err(Error::input(what, "give the repository without it, as REPO[@REV]"));
            }
            Ok(address)
        }
        _ => Err(Error::input(
            format!("there is no folder {name}, and no such model"),
            "give the folder of a checkpoint, a name of `bench models list`, or a repository as OWNER/NAME[@REV]",
        )),
    }
}
