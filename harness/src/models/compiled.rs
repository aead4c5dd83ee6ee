//! Folders of models that TVM compiled, as MLC-LLM and `bench models make --format mlc`
//! write them. All files are checked before anything is measured.

use super::{hash_file, resolve::generation};
use crate::{
    cli::{ContextLengths, SweepArgs},
    error::{Error, Result},
    plan::{CompiledSource, ModelSource, PlannedModel, Weights},
};
use serde::{Deserialize, de::DeserializeOwned};
use slm_protocol::TvmDevice;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

/// TVM's libraries, in the order in which they are opened.
const RUNTIME: [&str; 2] = ["libtvm_ffi.so", "libtvm_runtime.so"];
/// What `scripts/mlc/make.py` writes beside the rest.
const MANIFEST: &str = "slm-bench-mlc.json";
/// Beside TVM's libraries.
const RUNTIME_MANIFEST: &str = "tvm.json";
/// The list of weights.
const WEIGHTS: &str = "tensor-cache.json";

const GET: &str = "make a folder with `bench models make --format mlc`, or see docs/mlc.md";

#[derive(Deserialize)]
struct ChatConfig {
    #[serde(default)]
    quantization: String,
}

/// What we write of a library that we made; MLC-LLM's folders have none.
#[derive(Default, Deserialize)]
struct Manifest {
    #[serde(default)]
    library: Option<String>,
    #[serde(default)]
    device: TvmDevice,
    #[serde(default)]
    tvm: Option<String>,
    #[serde(default)]
    weights: Option<Weights>,
    #[serde(default)]
    sha256: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct RuntimeManifest {
    tvm: String,
}

#[derive(Deserialize)]
struct Cache {
    records: Vec<Shard>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shard {
    data_path: String,
    nbytes: u64,
    records: Vec<Tensor>,
}

#[derive(Deserialize)]
struct Tensor {
    name: String,
    shape: Vec<u64>,
}

/// A model's folder and the runtime that the arguments name, checked.
///
/// # Errors
/// [`Error::Input`] that names the file or version that is wrong.
pub(super) fn resolve(name: &str, args: &SweepArgs) -> Result<PlannedModel> {
    let folder = Path::new(name);
    if !folder.is_dir() {
        return Err(Error::input(format!("{name} is no folder of a compiled model"), GET));
    }
    let folder = absolute(folder)?;
    let config: ChatConfig = json(&folder.join("mlc-chat-config.json"))?;
    let manifest =
        if folder.join(MANIFEST).exists() { json(&folder.join(MANIFEST))? } else { Manifest::default() };
    let (library, sha256) = library(&folder, &manifest)?;
    let (runtime, runtime_sha256, runtime_tvm) = runtime(args.mlc_runtime.as_deref())?;
    if let (Some(made), Some(has)) = (&manifest.tvm, &runtime_tvm)
        && made != has
    {
        let what = format!("{} was compiled by TVM {made}, and the runtime is TVM {has}", library.display());
        return Err(Error::input(what, "give --mlc-runtime of that version, or make the folder anew"));
    }
    let cache = weights(&folder)?;
    unchanged(&folder, &manifest, &library, &sha256)?;
    if !folder.join("tokenizer.json").is_file() && !matches!(args.contexts(), ContextLengths::Tokens(_)) {
        let what = format!("{name} has no tokenizer.json, so that it reads no text");
        return Err(Error::input(what, "give --prompt-tokens, such as --prompt-tokens 128,1024"));
    }
    let params = parameters(&cache, &config.quantization);
    let file_bytes = cache.records.iter().map(|shard| shard.nbytes).sum();
    let weights = manifest.weights.unwrap_or(Weights::Real);
    Ok(PlannedModel {
        name: folder.file_name().map_or_else(|| name.to_owned(), |name| name.to_string_lossy().into_owned()),
        weights,
        quant: config.quantization,
        params,
        bits_per_weight: (params > 0).then(|| file_bytes as f64 * 8.0 / params as f64),
        file_bytes,
        source: ModelSource::Compiled(CompiledSource {
            path: text(&folder)?,
            library: text(&library)?,
            sha256,
            runtime,
            runtime_sha256,
            device: manifest.device,
            tvm: manifest.tvm.or(runtime_tvm),
        }),
        generation: generation(args, weights),
    })
}

/// The one library of a folder, for this machine, and its hash.
fn library(folder: &Path, manifest: &Manifest) -> Result<(PathBuf, String)> {
    let library = if let Some(name) = &manifest.library {
        folder.join(name)
    } else {
        let entries = fs::read_dir(folder).map_err(|error| Error::reading(folder, &error))?;
        let paths = entries.flatten().map(|entry| entry.path());
        let found: Vec<PathBuf> =
            paths.filter(|path| path.extension().is_some_and(|end| end == "so")).collect();
        let [one] = &found[..] else {
            let what = format!("{} holds {} model libraries (*.so), not one", folder.display(), found.len());
            return Err(Error::input(what, GET));
        };
        one.clone()
    };
    for_this_machine(&library)?;
    let sha256 = hash_file(&library).map_err(|error| Error::reading(&library, &error))?;
    Ok((library, sha256))
}

/// TVM's libraries, their hashes, and the version if it is told.
fn runtime(folder: Option<&Path>) -> Result<(Vec<String>, Vec<String>, Option<String>)> {
    let Some(folder) = folder else {
        let what = "--backend mlc needs --mlc-runtime";
        return Err(Error::input(
            what,
            "name the folder of libtvm_ffi.so and libtvm_runtime.so (docs/mlc.md)",
        ));
    };
    let (mut paths, mut hashes) = (Vec::new(), Vec::new());
    for name in RUNTIME {
        let path = folder.join(name);
        for_this_machine(&path)?;
        hashes.push(hash_file(&path).map_err(|error| Error::reading(&path, &error))?);
        paths.push(text(&absolute(&path)?)?);
    }
    let told = folder.join(RUNTIME_MANIFEST);
    let tvm = if told.exists() { Some(json::<RuntimeManifest>(&told)?.tvm) } else { None };
    Ok((paths, hashes, tvm))
}

/// The list of weights, every shard there in its full size.
fn weights(folder: &Path) -> Result<Cache> {
    if !folder.join(WEIGHTS).exists() && folder.join("ndarray-cache.json").exists() {
        let what = format!("{} has ndarray-cache.json, as an older MLC-LLM wrote it", folder.display());
        return Err(Error::input(what, "convert the weights with a version that writes tensor-cache.json"));
    }
    let cache: Cache = json(&folder.join(WEIGHTS))?;
    for shard in &cache.records {
        let path = folder.join(&shard.data_path);
        let size = fs::metadata(&path).map_err(|error| Error::reading(&path, &error))?.len();
        if size != shard.nbytes {
            let what = format!("{} has {size} bytes, and {WEIGHTS} says {}", path.display(), shard.nbytes);
            return Err(Error::input(what, "copy or make the folder again"));
        }
    }
    Ok(cache)
}

/// A folder of ours is as it was made.
fn unchanged(folder: &Path, manifest: &Manifest, library: &Path, library_sha256: &str) -> Result<()> {
    for (name, wanted) in &manifest.sha256 {
        let path = folder.join(name);
        let is = if path == library {
            library_sha256.to_owned()
        } else {
            hash_file(&path).map_err(|error| Error::reading(&path, &error))?
        };
        if is != *wanted {
            let what = format!("{} is not the file that {MANIFEST} names", path.display());
            return Err(Error::input(what, "make the folder anew"));
        }
    }
    Ok(())
}

/// Parameters of packed weights; scales of groups are not counted.
fn parameters(cache: &Cache, quantisation: &str) -> u64 {
    let digits: String = quantisation.chars().skip(1).take_while(char::is_ascii_digit).collect();
    let in_a_word = 32 / digits.parse::<u64>().ok().filter(|bits| (1..=32).contains(bits)).unwrap_or(4);
    let tensors = cache.records.iter().flat_map(|shard| &shard.records);
    let counted = tensors.map(|tensor| {
        let elements = tensor.shape.iter().fold(1u64, |product, size| product.saturating_mul(*size));
        match tensor.name.rsplit('.').next() {
            Some("q_weight") => elements.saturating_mul(in_a_word),
            Some("q_scale" | "q_zeros") => 0,
            _ => elements,
        }
    });
    counted.fold(0, u64::saturating_add)
}

/// Refuses a library of another kind of machine by its ELF header, where TVM's own
/// words would say little.
fn for_this_machine(path: &Path) -> Result<()> {
    let mut header = [0u8; 20];
    let mut file = File::open(path).map_err(|error| Error::reading(path, &error))?;
    let whole = file.read_exact(&mut header).is_ok();
    if !whole || !header.starts_with(b"\x7fELF") {
        let what = format!("{} is no shared library for Linux", path.display());
        return Err(Error::input(what, GET));
    }
    let machine = match u16::from_le_bytes([header[18], header[19]]) {
        62 => "x86_64",
        183 => "aarch64",
        _ => "another machine",
    };
    if machine == std::env::consts::ARCH {
        return Ok(());
    }
    let what = format!("{} is for {machine}, and this machine is {}", path.display(), std::env::consts::ARCH);
    Err(Error::input(what, "give one that was compiled for this machine"))
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).map_err(|error| Error::reading(path, &error))?;
    serde_json::from_str(&text)
        .map_err(|error| Error::input(format!("{} cannot be understood: {error}", path.display()), GET))
}

fn absolute(path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|error| Error::reading(path, &error))
}

fn text(path: &Path) -> Result<String> {
    let not_text = || Error::input(format!("{} is not a UTF-8 path", path.display()), "rename it");
    path.to_str().map(str::to_owned).ok_or_else(not_text)
}
