//! The checkout that this program was built from: agents for phones are built there.

use sha2::{Digest, Sha256};
use slm_plan::error::{Error, Result};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// What an agent for phones is made of, relative to the project's folder.
const SOURCES: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "device-agent/Cargo.toml",
    "device-agent/build.rs",
    "device-agent/build_flags.rs",
    PHONE_TOOLCHAIN,
    "device-agent/src",
    "models/Cargo.toml",
    "models/catalogue.csv",
    "models/src",
    "protocol/Cargo.toml",
    "protocol/src",
];

/// How `CMake` builds the engine for phones, relative to the project's folder.
pub(super) const PHONE_TOOLCHAIN: &str = "device-agent/engine/aarch64-linux.cmake";

/// The project's folder.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// The folder that `./bench` names in `SLM_BENCH_PROJECT`, or the one that this
    /// program lies in.
    ///
    /// # Errors
    /// [`Error::Input`] outside of a checkout.
    pub fn find() -> Result<Self> {
        let named = env::var_os("SLM_BENCH_PROJECT").filter(|value| !value.is_empty()).map(PathBuf::from);
        let program = env::current_exe().and_then(|path| path.canonicalize()).unwrap_or_default();
        let around = program.ancestors().find(|folder| is_project(folder)).map(Path::to_path_buf);
        match named.filter(|folder| is_project(folder)).or(around) {
            Some(root) => Ok(Self { root }),
            None => Err(Error::input(
                "agents for phones are built in a checkout of the project, and this program lies in none",
                "start it by ./bench there, or name a folder of built agents in SLM_AGENTS",
            )),
        }
    }

    /// Its path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// SHA-256 over the names and contents of what an agent is built from, lower-case hex.
    ///
    /// # Errors
    /// [`Error::Input`] for a file that cannot be read.
    pub fn source_hash(&self) -> Result<String> {
        let mut files = Vec::new();
        for source in SOURCES {
            let path = self.root.join(source);
            collect(&path, &mut files).map_err(|error| Error::reading(&path, &error))?;
        }
        files.sort();
        let mut digest = Sha256::new();
        for file in files {
            let bytes = fs::read(&file).map_err(|error| Error::reading(&file, &error))?;
            let name = file.strip_prefix(&self.root).unwrap_or(&file);
            // The length keeps two files from being taken for one.
            digest.update(format!("{}\0{}\0", name.display(), bytes.len()));
            digest.update(bytes);
        }
        Ok(slm_plan::digest::hex(&digest.finalize()))
    }
}

fn is_project(folder: &Path) -> bool {
    folder.join("device-agent/Cargo.toml").is_file() && folder.join(PHONE_TOOLCHAIN).is_file()
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_project_is_found_and_its_sources_are_told_apart() {
        let project = Project::find().unwrap();
        assert!(project.root().join("harness/device/src/agents").is_dir());
        let hash = project.source_hash().unwrap();
        assert_eq!((hash.len(), &hash), (64, &project.source_hash().unwrap()));

        // A copy with one byte changed.
        let folder = tempfile::tempdir().unwrap();
        for source in SOURCES {
            let mut files = Vec::new();
            collect(&project.root().join(source), &mut files).unwrap();
            for file in files {
                let copy = folder.path().join(file.strip_prefix(project.root()).unwrap());
                fs::create_dir_all(copy.parent().unwrap()).unwrap();
                fs::copy(file, copy).unwrap();
            }
        }
        let copy = Project { root: folder.path().to_path_buf() };
        assert_eq!(copy.source_hash().unwrap(), hash);
        fs::write(folder.path().join("device-agent/src/main.rs"), "fn main() {}").unwrap();
        assert_ne!(copy.source_hash().unwrap(), hash);
    }
}
