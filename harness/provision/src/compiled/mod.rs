//! Folders of models that TVM compiled, as MLC-LLM and `bench models make --format mlc`
//! write them. All files are checked before anything is measured.

mod elf;
mod files;
mod runtime;
mod weights;

pub use elf::Machine;

pub(crate) use files::GET;

use files::{absolute, json, text};
use runtime::Runtime;
use serde::Deserialize;
use slm_plan::{
    CompiledFile, CompiledSource, ModelSource, PlannedModel, Weights,
    digest::sha256_file,
    error::{Error, Result},
    request::{ContextLengths, SweepRequest},
};
use slm_protocol::{ComputeDevice, EngineKind, ModelForm};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use weights::Cache;

/// What makes a folder that of a compiled model.
const CONFIG: &str = "mlc-chat-config.json";
/// What `tools/mlc` writes beside the rest.
const MANIFEST: &str = "slm-bench-mlc.json";
/// Read where they are there, whatever the configuration says.
const TOKENIZER: [&str; 3] = ["tokenizer.json", "tokenizer_config.json", "tokenizer.model"];

#[derive(Deserialize)]
struct ChatConfig {
    #[serde(default)]
    quantization: String,
    #[serde(default)]
    tokenizer_files: Vec<String>,
    /// What MLC-LLM's engine reads, and hangs without.
    #[serde(default)]
    conv_template: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(default)]
    model_config: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What we write of a library that we made; MLC-LLM's folders have none.
#[derive(Default, Deserialize)]
struct LibraryRecord {
    #[serde(default)]
    library: Option<String>,
    #[serde(default)]
    device: ComputeDevice,
    #[serde(default)]
    tvm: Option<String>,
    #[serde(default)]
    weights: Option<Weights>,
    #[serde(default)]
    sha256: BTreeMap<String, String>,
}

/// Whether an engine runs compiled models, and nothing else.
pub(crate) fn runs_compiled(engine: EngineKind) -> bool {
    engine.descriptor().model_form == ModelForm::Compiled
}

/// Whether a model's name is the path of such a folder.
pub(crate) fn is_folder(name: &str) -> bool {
    Path::new(name).join(CONFIG).is_file()
}

/// A model's folder and the runtime that the arguments name, checked for an engine and
/// for the machines that it is to run on.
///
/// # Errors
/// [`Error::Input`] that names the file or version that is wrong.
pub(crate) fn resolve(
    name: &str,
    request: &SweepRequest,
    engine: EngineKind,
    machines: &[Machine],
) -> Result<PlannedModel> {
    let folder = absolute(Path::new(name))?;
    let config: ChatConfig = json(&folder.join(CONFIG))?;
    let manifest =
        if folder.join(MANIFEST).exists() { json(&folder.join(MANIFEST))? } else { LibraryRecord::default() };
    let library = library(&folder, &manifest)?;
    elf::check(&folder.join(&library), machines)?;
    let runtime = Runtime::find(request.tvm_runtime.as_deref(), engine, machines)?;
    if let (Some(made), Some(has)) = (&manifest.tvm, &runtime.tvm)
        && made != has
    {
        let library = folder.join(library);
        let what = format!("{} was compiled by TVM {made}, and the runtime is TVM {has}", library.display());
        return Err(Error::input(what, "give --mlc-runtime of that version, or make the folder anew"));
    }
    let cache = Cache::read(&folder)?;
    let files = files(&folder, &library, &cache, &config)?;
    unchanged(&folder, &manifest, &files)?;
    if !engine.descriptor().capabilities.tokenizes_before_trial {
        takes_text(&folder, &config, request)?;
    } else if !folder.join(TOKENIZER[0]).is_file() && !matches!(request.contexts, ContextLengths::Tokens(_)) {
        let what = format!("{name} has no tokenizer.json, so that it reads no text");
        return Err(Error::input(what, "give --prompt-tokens, such as --prompt-tokens 128,1024"));
    }
    let params = cache.parameters(&config.quantization);
    let file_bytes = cache.bytes();
    let weights = manifest.weights.unwrap_or(Weights::Real);
    let sha256 = files.iter().find(|file| file.name == library).map(|file| file.sha256.clone());
    Ok(PlannedModel {
        name: folder.file_name().map_or_else(|| name.to_owned(), |name| name.to_string_lossy().into_owned()),
        engine,
        weights,
        quant: config.quantization,
        params,
        bits_per_weight: (params > 0).then(|| file_bytes as f64 * 8.0 / params as f64),
        file_bytes,
        source: ModelSource::Compiled(CompiledSource {
            path: text(&folder)?,
            library: text(&folder.join(&library))?,
            sha256: sha256.unwrap_or_default(),
            runtime: runtime.paths,
            runtime_sha256: runtime.sha256,
            device: manifest.device,
            files,
            tvm: manifest.tvm.or(runtime.tvm),
            mlc_llm: runtime.mlc_llm,
        }),
        generation: request.output.generation(weights),
        variant: None,
    })
}

/// What MLC-LLM's engine needs in a folder, and what it cannot be asked for. It would
/// hang, not refuse.
fn takes_text(folder: &Path, config: &ChatConfig, request: &SweepRequest) -> Result<()> {
    if matches!(request.contexts, ContextLengths::Tokens(_)) {
        let what = "--prompt-tokens cannot be had from mlc-llm, which tokenises by itself";
        return Err(Error::input(what, "give --chunks, or choose --backend mlc"));
    }
    if !request.output.chat_template {
        let what = "--no-chat-template cannot be had from mlc-llm, which applies its conversation template";
        return Err(Error::input(what, "leave it out, or choose --backend mlc"));
    }
    if request.output.template.is_some() {
        let what = "--chat-template cannot be had from mlc-llm, which applies its conversation template";
        return Err(Error::input(what, "leave it out, or choose --backend mlc"));
    }
    for (name, part) in [("conv_template", &config.conv_template), ("model_config", &config.model_config)] {
        if part.is_none() {
            let what = format!("{} has no {name}", folder.join(CONFIG).display());
            return Err(Error::input(what, "write it with MLC-LLM's `gen_config` (docs/mlc.md)"));
        }
    }
    if !["tokenizer.json", "tokenizer.model"].iter().any(|name| folder.join(name).is_file()) {
        let what = format!("{} has neither tokenizer.json nor tokenizer.model", folder.display());
        return Err(Error::input(what, "write it with MLC-LLM's `gen_config` (docs/mlc.md)"));
    }
    Ok(())
}

/// Name of the one library of a folder.
fn library(folder: &Path, manifest: &LibraryRecord) -> Result<String> {
    if let Some(name) = &manifest.library {
        weights::within(folder, name, MANIFEST)?;
        return Ok(name.clone());
    }
    let entries = fs::read_dir(folder).map_err(|error| Error::reading(folder, &error))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let found: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "so")).collect();
    let [one] = &found[..] else {
        let what = format!("{} holds {} model libraries (*.so), not one", folder.display(), found.len());
        return Err(Error::input(what, GET));
    };
    let name = one.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    weights::within(folder, &name, "the folder")?;
    Ok(name)
}

/// All that an engine reads of the folder, hashed.
fn files(folder: &Path, library: &str, cache: &Cache, config: &ChatConfig) -> Result<Vec<CompiledFile>> {
    for name in &config.tokenizer_files {
        weights::within(folder, name, CONFIG)?;
    }
    let shards = cache.records.iter().map(|shard| shard.data_path.as_str());
    let tokenizer = config.tokenizer_files.iter().map(String::as_str).chain(TOKENIZER);
    let tokenizer = tokenizer.filter(|name| folder.join(name).is_file());
    let names: BTreeSet<&str> =
        [CONFIG, weights::LIST, library].into_iter().chain(shards).chain(tokenizer).collect();
    let hashed = |name: &str| {
        let path = folder.join(name);
        let failed = |error: std::io::Error| Error::reading(&path, &error);
        let bytes = fs::metadata(&path).map_err(failed)?.len();
        Ok(CompiledFile { name: name.to_owned(), bytes, sha256: sha256_file(&path).map_err(failed)? })
    };
    names.into_iter().map(hashed).collect()
}

/// A folder of ours is as it was made.
fn unchanged(folder: &Path, manifest: &LibraryRecord, files: &[CompiledFile]) -> Result<()> {
    for (name, wanted) in &manifest.sha256 {
        weights::within(folder, name, MANIFEST)?;
        let path = folder.join(name);
        let is = match files.iter().find(|file| file.name == *name) {
            Some(file) => file.sha256.clone(),
            None => sha256_file(&path).map_err(|error| Error::reading(&path, &error))?,
        };
        if is != *wanted {
            let what = format!("{} is not the file that {MANIFEST} names", path.display());
            return Err(Error::input(what, "make the folder anew"));
        }
    }
    Ok(())
}
