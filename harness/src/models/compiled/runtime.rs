//! `--mlc-runtime`: the folder of TVM's libraries.

use super::{
    elf::{self, Machine},
    json,
};
use crate::{
    error::{Error, Result},
    models::hash_file,
};
use serde::Deserialize;
use std::path::Path;

/// TVM's libraries, in the order in which they are opened.
const LIBRARIES: [&str; 2] = ["libtvm_ffi.so", "libtvm_runtime.so"];
/// Beside them, where we put them.
const MANIFEST: &str = "tvm.json";

/// TVM's libraries, found and checked.
pub(super) struct Runtime {
    /// Absolute paths.
    pub(super) paths: Vec<String>,
    /// SHA-256 of each.
    pub(super) sha256: Vec<String>,
    /// TVM's version, if it is told.
    pub(super) tvm: Option<String>,
}

#[derive(Deserialize)]
struct Manifest {
    tvm: String,
}

impl Runtime {
    /// The libraries of a folder, for these machines.
    ///
    /// # Errors
    /// [`Error::Input`] that names what is missing or for another machine.
    pub(super) fn find(folder: Option<&Path>, machines: &[Machine]) -> Result<Self> {
        let Some(folder) = folder else {
            let remedy = "name the folder of libtvm_ffi.so and libtvm_runtime.so (docs/mlc.md)";
            return Err(Error::input("--backend mlc needs --mlc-runtime", remedy));
        };
        let (mut paths, mut sha256) = (Vec::new(), Vec::new());
        for name in LIBRARIES {
            let path = folder.join(name);
            elf::check(&path, machines)?;
            sha256.push(hash_file(&path).map_err(|error| Error::reading(&path, &error))?);
            paths.push(super::text(&super::absolute(&path)?)?);
        }
        let told = folder.join(MANIFEST);
        let tvm = if told.exists() { Some(json::<Manifest>(&told)?.tvm) } else { None };
        Ok(Self { paths, sha256, tvm })
    }
}
