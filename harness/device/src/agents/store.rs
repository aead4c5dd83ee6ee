//! The folder of built agents: one subfolder a kind, each with the binary and its
//! record.

use super::{AgentKind, AgentRecord, Project};
use slm_plan::error::{Error, Result};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// Name of the binary, here and on the phone.
pub const BINARY: &str = "slm-agent";
const MANIFEST: &str = "slm-agent.json";

/// A built agent that was found to be whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The binary.
    pub path: PathBuf,
    /// Who it is.
    pub record: AgentRecord,
}

/// The folder.
#[derive(Clone, Debug)]
pub struct AgentStore {
    folder: PathBuf,
    /// What the sources are now; `None` where there are none to compare with.
    source_sha256: Option<String>,
}

impl AgentStore {
    /// The folder named in `SLM_AGENTS`, or `target/agents` of the project.
    ///
    /// # Errors
    /// [`Error::Input`] when neither is there.
    pub fn open() -> Result<Self> {
        match env::var_os("SLM_AGENTS").filter(|value| !value.is_empty()) {
            Some(folder) => Ok(Self::at(folder.into())),
            None => Self::of(&Project::find()?),
        }
    }

    /// The folder of a project, whose agents must be built from its present sources.
    ///
    /// # Errors
    /// As [`Project::source_hash`].
    pub fn of(project: &Project) -> Result<Self> {
        let folder = project.root().join("target/agents");
        Ok(Self { folder, source_sha256: Some(project.source_hash()?) })
    }

    /// Any folder; the sources are not compared.
    pub fn at(folder: PathBuf) -> Self {
        Self { folder, source_sha256: None }
    }

    /// Its path.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// An agent, if it is whole, of this version and from these sources.
    ///
    /// # Errors
    /// [`Error::Input`] with the remedy.
    pub fn find(&self, kind: AgentKind) -> Result<Agent> {
        let path = self.path(kind);
        let refused = |why: String| {
            let what = format!("no agent for {kind} phones: {} {why}", path.display());
            Err(Error::input(what, format!("build it with `bench agent build {}`", kind.options())))
        };
        let record = match read_manifest(&path.with_file_name(MANIFEST)) {
            Ok(record) => record,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return refused("has not been built".to_owned());
            }
            Err(error) => return refused(format!("has no readable record ({error})")),
        };
        if let Some(why) = record.objection(kind) {
            return refused(format!("is refused: {why}"));
        }
        if self.source_sha256.as_ref().is_some_and(|now| *now != record.source_sha256) {
            return refused("was built from other sources".to_owned());
        }
        match hash_file(&path) {
            Ok((sha256, size)) if sha256 == record.sha256 && size == record.size => {
                Ok(Agent { path, record })
            }
            Ok(_) => refused("is not the file that its record describes".to_owned()),
            Err(error) => refused(format!("cannot be read ({error})")),
        }
    }

    /// Where an agent is, if it was ever built.
    pub fn path(&self, kind: AgentKind) -> PathBuf {
        self.folder.join(kind.to_string()).join(BINARY)
    }

    /// Puts a fresh binary on the store, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Internal`] when it cannot be written.
    pub fn put(&self, binary: &Path, kind: AgentKind, target: &str, source_sha256: String) -> Result<Agent> {
        let path = self.path(kind);
        let folder = self.folder.join(kind.to_string());
        let failed = |error: &io::Error| {
            Error::Internal(format!(
                "cannot write {}: {error}; free some space and build again",
                path.display()
            ))
        };
        fs::create_dir_all(&folder).map_err(|error| failed(&error))?;
        let (sha256, size) = hash_file(binary).map_err(|error| Error::reading(binary, &error))?;
        let record = AgentRecord {
            version: super::AGENT_VERSION.to_owned(),
            protocol: slm_protocol::VERSION,
            flavour: kind.flavour,
            features: kind.feature.into_iter().collect(),
            target: target.to_owned(),
            size,
            sha256,
            source_sha256,
        };
        let json =
            serde_json::to_string_pretty(&record).map_err(|error| Error::Internal(error.to_string()))?;
        // Between the two renames the old record describes another file, which `find` refuses.
        let place = |name: &str, write: &dyn Fn(&Path) -> io::Result<()>| {
            let temporary = folder.join(format!(".{name}.{}", std::process::id()));
            write(&temporary).and_then(|()| fs::rename(&temporary, folder.join(name))).inspect_err(|_| {
                let _ = fs::remove_file(&temporary);
            })
        };
        place(BINARY, &|to| fs::copy(binary, to).map(drop)).map_err(|error| failed(&error))?;
        place(MANIFEST, &|to| fs::write(to, json.clone() + "\n")).map_err(|error| failed(&error))?;
        Ok(Agent { path, record })
    }
}

fn read_manifest(path: &Path) -> io::Result<AgentRecord> {
    serde_json::from_slice(&fs::read(path)?).map_err(io::Error::other)
}

/// SHA-256 and size of a file.
fn hash_file(path: &Path) -> io::Result<(String, u64)> {
    Ok((slm_plan::digest::sha256_file(path)?, fs::metadata(path)?.len()))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Feature, Flavour},
        *,
    };

    fn shelf_with_agent(folder: &Path) -> AgentStore {
        let binary = folder.join("fresh");
        fs::write(&binary, "an agent").unwrap();
        let store = AgentStore::at(folder.join("agents"));
        store.put(&binary, Flavour::Armv8.into(), "aarch64-unknown-linux-gnu", "abc".to_owned()).unwrap();
        store
    }

    #[test]
    fn what_was_put_there_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let store = shelf_with_agent(folder.path());
        let agent = store.find(Flavour::Armv8.into()).unwrap();
        assert_eq!(fs::read(&agent.path).unwrap(), b"an agent");
        assert_eq!((agent.record.size, agent.record.sha256), (8, slm_plan::digest::sha256_hex(b"an agent")));
        let error = store.find(Flavour::DotProduct.into()).unwrap_err().to_string();
        assert!(error.contains("bench agent build --flavour armv8.2-a+fp16+dotprod"), "{error}");
        let mlc = AgentKind { flavour: Flavour::Armv8, feature: Some(Feature::Mlc) };
        let error = store.find(mlc).unwrap_err().to_string();
        assert!(
            error.contains("armv8-a-mlc") && error.contains("bench agent build --mlc --flavour armv8-a"),
            "{error}"
        );
        // Nothing but the two files.
        assert_eq!(fs::read_dir(folder.path().join("agents/armv8-a")).unwrap().count(), 2);
    }

    #[test]
    fn a_changed_binary_other_sources_or_a_broken_manifest_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = shelf_with_agent(folder.path());
        let path = store.find(Flavour::Armv8.into()).unwrap().path;
        let why = |store: &AgentStore| store.find(Flavour::Armv8.into()).unwrap_err().to_string();
        store.source_sha256 = Some("abd".to_owned());
        assert!(why(&store).contains("other sources"));
        store.source_sha256 = Some("abc".to_owned());
        store.find(Flavour::Armv8.into()).unwrap();
        fs::write(&path, "an Agent").unwrap();
        assert!(why(&store).contains("not the file"));
        fs::remove_file(&path).unwrap();
        assert!(why(&store).contains("cannot be read"));
        fs::write(path.with_file_name(MANIFEST), "{").unwrap();
        assert!(why(&store).contains("record"));
    }
}
