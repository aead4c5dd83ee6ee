//! What a manifest tells of how a sweep was measured. The list of trials is
//! skipped, which keeps reading short for long plans.

use crate::manifest::{DeviceRecord, FORMAT, HostFacts, ToolFacts};
use serde::Deserialize;
use slm_plan::{
    PlanInput,
    error::{Error, Result},
};
use slm_protocol::Version;
use std::{fs, io::ErrorKind, path::Path};

/// Facts of a sweep, from its manifest.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Facts {
    /// Version of the folder's files.
    pub format: Version,
    /// What made it.
    pub tool: ToolFacts,
    /// The command line, word by word.
    pub command: Vec<String>,
    /// When the sweep was planned; RFC 3339.
    pub created_at: String,
    /// The machine that `bench` ran on.
    pub host: HostFacts,
    /// The agent's facts, device by device.
    pub devices: Vec<DeviceRecord>,
    /// SHA-256 of the plan, as the manifest tells it.
    pub plan_sha256: String,
    /// What the plan was made from.
    pub plan: PlanFacts,
}

/// The plan without its trials.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PlanFacts {
    /// Models, prompts, options, repetitions.
    pub input: PlanInput,
}

#[derive(Deserialize)]
struct FormatOnly {
    format: Version,
}

impl Facts {
    /// Reads `manifest.json` of a results folder. The plan's hash is not checked:
    /// nothing is measured by it here.
    ///
    /// # Errors
    /// [`Error::Input`] when there is none, it is damaged, or of a format version
    /// that is not understood.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("manifest.json");
        let bytes = fs::read(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                let empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
                let why = if empty { "is empty" } else { "holds no sweep (no manifest.json)" };
                Error::input(
                    format!("{} {why}", folder.display()),
                    "give a folder that `bench sweep` wrote, or a summary CSV",
                )
            }
            _ => Error::reading(&path, &error),
        })?;
        let damaged = |error: serde_json::Error| {
            let place = format!("{}, line {}, column {}", path.display(), error.line(), error.column());
            Error::input(
                format!("{place}: {error}"),
                "restore the file, or give the folder's summary.csv instead",
            )
        };
        let format = serde_json::from_slice::<FormatOnly>(&bytes).map_err(damaged)?.format;
        if format.major != FORMAT.major {
            let what = format!("{} has format version {format}, this bench reads {FORMAT}", path.display());
            return Err(Error::input(what, "use the version of bench that wrote it, or a newer one"));
        }
        serde_json::from_slice(&bytes).map_err(damaged)
    }
}
