//! `manifest.json`: what was to be measured, by what, on what.

use crate::{condition::Preparation, write::replace};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use slm_plan::{
    Plan, PlanInput,
    error::{Error, Result},
    plain_text,
};
use slm_protocol::{AgentFacts, CpuList, Version};
use std::{fs, io::ErrorKind, path::Path, time::SystemTime};

/// Version of a results folder. Another major version is refused.
pub const FORMAT: Version = Version { major: 1, minor: 0 };

/// The manifest of a sweep, with the plan as far as it is of use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest<P = Plan> {
    /// Version of the folder's files.
    pub format: Version,
    /// Names the sweep wherever its folder may lie: runs on a phone are found again by it.
    pub id: String,
    /// What made it.
    pub tool: ToolFacts,
    /// The command line, word by word.
    pub command: Vec<String>,
    /// When the sweep was planned; RFC 3339.
    pub created_at: String,
    /// The machine that `bench` ran on.
    pub host: HostFacts,
    /// The agent's facts, device by device, as they were before the first trial.
    pub devices: Vec<DeviceRecord>,
    /// SHA-256 of the plan.
    pub plan_sha256: String,
    /// The plan itself.
    pub plan: P,
}

/// A plan without its trials, which analyses do without: a long plan has many.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PlanWithoutTrials {
    /// What the plan was made from: models, prompts, options, repetitions.
    pub input: PlanInput,
}

/// What made a results folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolFacts {
    /// Version of `bench`.
    pub version: String,
    /// Commit it was built from.
    pub commit: String,
}

/// A device of the sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceRecord {
    /// Name, as in the tables.
    pub name: String,
    /// What the agent said of itself and of the device.
    pub agent: AgentFacts,
    /// Compute threads on this device; `None`: the plan's.
    pub threads: Option<u32>,
    /// CPUs that it computes on; `None`: the plan's.
    pub affinity: Option<CpuList>,
    /// How it was found and prepared before the first trial, where it can tell.
    pub condition: Option<Box<Preparation>>,
}

/// The machine that `bench` ran on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostFacts {
    /// Operating system and version.
    pub os: Option<String>,
    /// Kernel release.
    pub kernel: Option<String>,
    /// CPU.
    pub cpu: Option<String>,
    /// Total memory, bytes.
    pub memory_total: Option<u64>,
}

impl HostFacts {
    /// Asks the system.
    pub fn gather() -> Self {
        use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};
        let what = RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing())
            .with_memory(MemoryRefreshKind::nothing().with_ram());
        let system = System::new_with_specifics(what).ok();
        let cpu = |system: &System| Some(system.cpus().first()?.brand().trim().to_owned());
        Self {
            os: System::long_os_version().ok(),
            kernel: System::kernel_version().ok(),
            cpu: system.as_ref().and_then(cpu).filter(|name| !name.is_empty()),
            memory_total: system.as_ref().map(System::total_memory),
        }
    }
}

#[derive(Deserialize)]
struct AnyVersion {
    format: Version,
}

impl Manifest {
    /// A new id: the plan's hash and what tells two sweeps of one plan apart.
    pub fn new_id(plan_sha256: &str) -> String {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let all = format!("{plan_sha256} {} {} {host}", now.as_nanos(), std::process::id());
        slm_plan::digest::sha256_hex(all.as_bytes())[..16].to_owned()
    }

    /// The id that the sweep's runs have on a phone: letters and digits only,
    /// whatever the file says.
    pub fn run_id(&self) -> String {
        let is_id =
            !self.id.is_empty() && self.id.len() <= 64 && self.id.bytes().all(|b| b.is_ascii_alphanumeric());
        if is_id { self.id.clone() } else { self.plan_sha256.chars().take(16).collect() }
    }

    /// Writes `manifest.json` whole or not at all.
    ///
    /// # Errors
    /// [`Error::Input`] when the folder cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join("manifest.json");
        let json =
            serde_json::to_vec_pretty(self).map_err(|error| Error::Internal(format!("manifest: {error}")))?;
        replace(&path, &json).map_err(|error| Error::unwritable(&path, &error))
    }

    /// Reads and checks `manifest.json`, to measure by its plan.
    ///
    /// # Errors
    /// [`Error::Input`] that names the file, what is wrong and the remedy.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("manifest.json");
        let remedy = "restore it, or start a new sweep";
        let manifest: Self = read(&path, "give the folder that a sweep wrote", remedy)?;
        let damaged = |why: String| Error::input(format!("{} is damaged: {why}", path.display()), remedy);
        manifest.plan.check().map_err(damaged)?;
        if manifest.plan.hash()? != manifest.plan_sha256 {
            return Err(damaged("the plan does not fit its hash".into()));
        }
        Ok(manifest)
    }
}

impl Manifest<PlanWithoutTrials> {
    /// Reads `manifest.json` to tell how something was measured. The plan's hash is not
    /// checked: nothing is measured by it.
    ///
    /// # Errors
    /// [`Error::Input`] that names the file, what is wrong and the remedy.
    pub fn read_without_trials(folder: &Path) -> Result<Self> {
        read(
            &folder.join("manifest.json"),
            "give a folder that `bench sweep` wrote, or a summary CSV",
            "restore it, or give the folder's summary.csv instead",
        )
    }
}

/// Reads a manifest of a format version that is understood. The remedies are for one that
/// is not there and for one that is damaged.
fn read<P: DeserializeOwned>(path: &Path, if_missing: &str, if_damaged: &str) -> Result<Manifest<P>> {
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            let folder = path.parent().unwrap_or(path);
            let is_empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
            let why = if is_empty { "is empty" } else { "holds no sweep (no manifest.json)" };
            Error::input(format!("{} {why}", folder.display()), if_missing)
        }
        _ => Error::reading(path, &error),
    })?;
    let damaged = |error: serde_json::Error| {
        Error::input(format!("{} is damaged: {error}", path.display()), if_damaged)
    };
    let text = plain_text::decode(&bytes)
        .map_err(|fault| Error::input(format!("{} {fault}", path.display()), if_damaged))?;
    let format = serde_json::from_str::<AnyVersion>(&text).map_err(damaged)?.format;
    if format.major != FORMAT.major {
        let what = format!("{} has format version {format}, this bench reads {FORMAT}", path.display());
        return Err(Error::input(what, "use the version of bench that wrote it, or a newer one"));
    }
    serde_json::from_str(&text).map_err(damaged)
}
