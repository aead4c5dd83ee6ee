//! `--mlc-runtime`: the folder of TVM's libraries, and of MLC-LLM's where its engine runs.

use super::{
    elf::{self, Machine},
    files::{absolute, json, text},
};
use serde::Deserialize;
use slm_plan::digest::sha256_file;
use slm_plan::error::{Error, Result};
use slm_protocol::EngineKind;
use std::path::Path;

/// TVM's libraries, in the order in which they are opened.
const TVM: [&str; 2] = ["libtvm_ffi.so", "libtvm_runtime.so"];
/// A part of TVM that newer builds of MLC-LLM need; opened where it is there.
const TVM_EXTRA: &str = "libtvm_runtime_extra.so";
/// MLC-LLM's engine.
const MLC: &str = "libmlc_llm.so";
/// All of it in one, as MLC-LLM's Android app has it.
const PACKED: &str = "libtvm4j_runtime_packed.so";
/// Beside them, where we put them.
const MANIFEST: &str = "tvm.json";

/// The libraries of an engine, found and checked.
pub(super) struct Runtime {
    /// Absolute paths.
    pub(super) paths: Vec<String>,
    /// SHA-256 of each.
    pub(super) sha256: Vec<String>,
    /// TVM's version, if it is told.
    pub(super) tvm: Option<String>,
    /// MLC-LLM's version, if its engine runs and it is told.
    pub(super) mlc_llm: Option<String>,
}

#[derive(Default, Deserialize)]
struct RuntimeRecord {
    #[serde(default)]
    tvm: Option<String>,
    #[serde(default)]
    mlc_llm: Option<String>,
}

impl Runtime {
    /// The libraries of a folder, for these machines.
    ///
    /// # Errors
    /// [`Error::Input`] that names what is missing or for another machine.
    pub(super) fn find(folder: Option<&Path>, engine: EngineKind, machines: &[Machine]) -> Result<Self> {
        let Some(folder) = folder else {
            let (what, remedy) = if engine == EngineKind::MlcLlm {
                ("--backend mlc-llm needs --mlc-runtime", "name the folder of libmlc_llm.so (docs/mlc.md)")
            } else {
                let remedy = "name the folder of libtvm_ffi.so and libtvm_runtime.so (docs/mlc.md)";
                ("--backend mlc needs --mlc-runtime", remedy)
            };
            return Err(Error::input(what, remedy));
        };
        let (mut paths, mut sha256) = (Vec::new(), Vec::new());
        for name in libraries(folder, engine)? {
            let path = folder.join(name);
            elf::check(&path, machines)?;
            sha256.push(sha256_file(&path).map_err(|error| Error::reading(&path, &error))?);
            paths.push(text(&absolute(&path)?)?);
        }
        let told = folder.join(MANIFEST);
        let told: RuntimeRecord = if told.exists() { json(&told)? } else { RuntimeRecord::default() };
        let mlc_llm = told.mlc_llm.filter(|_| engine == EngineKind::MlcLlm);
        Ok(Self { paths, sha256, tvm: told.tvm, mlc_llm })
    }
}

/// Names of the libraries that an engine needs, in the order in which they are opened.
fn libraries(folder: &Path, engine: EngineKind) -> Result<Vec<&'static str>> {
    if engine != EngineKind::MlcLlm {
        return Ok(TVM.to_vec());
    }
    if folder.join(PACKED).exists() {
        return Ok(vec![PACKED]);
    }
    if !folder.join(MLC).exists() {
        let what = format!("{} has neither {MLC} nor {PACKED}", folder.display());
        return Err(Error::input(what, "docs/mlc.md says how to get MLC-LLM's libraries"));
    }
    let extra = folder.join(TVM_EXTRA).exists().then_some(TVM_EXTRA);
    Ok(TVM.into_iter().chain(extra).chain([MLC]).collect())
}
