//! A phone as a device: its agent and models under one folder, its runs detached.

mod agent;
mod compiled;
mod deliver;
mod evidence;
mod journal;
mod keep;
mod lock;
mod place;
mod reach;
mod run;
mod scripts;
mod silence;
mod space;

#[cfg(test)]
mod tests;

pub use space::{Usage, clean, put_back, usage};

use super::{
    AgentRun, Claim, Device, Link, LinkError, Placed, RunName, StartError,
    profile::{Described, Identity, Profiles, recognise},
    quote,
    readiness::{self, Lease, PrepareRequest, Setting},
};
use crate::{Notify, agents::Feature, lock::DeviceLock};
use deliver::{QUICK, SOON, Wanted};
use keep::{Keeping, Kept};
use lock::{LockError, Owner};
use reach::Reach;
use run::PhoneRun;
use slm_plan::{
    Capabilities, PlannedModel,
    error::{Error, Result},
};
use slm_protocol::{AgentFacts, EngineKind, Failure, Job};
use slm_provision::PlaceError;
use slm_results::condition::{Facts, Preparation};
use std::sync::{Arc, OnceLock};

/// Where everything of ours lies on a phone: the one folder that adb's user may both
/// write and execute in.
pub const ROOT: &str = "/data/local/tmp/slm-bench";

/// How to get an agent for phones that runs models compiled by TVM.
const GET_COMPILED: &str =
    "`bench agent build --mlc`, or name one that has it in SLM_PHONE_AGENT (docs/mlc.md)";

/// A phone.
pub struct Phone {
    name: String,
    reach: Reach,
    root: String,
    identity: Identity,
    described: Described,
    /// Settings that are changed at the moment.
    keeping: Keeping,
    /// What its agent must have beside the ordinary engines.
    feature: Option<Feature>,
    lease: Lease,
    agent: OnceLock<String>,
}

impl Phone {
    /// The phone behind a link; asks it who it is. Its agent will have these engines.
    ///
    /// # Errors
    /// [`Error::Device`] when it cannot be reached.
    pub fn open(
        name: &str,
        link: Arc<dyn Link>,
        profiles: &Profiles,
        engines: &[EngineKind],
        notify: Notify,
    ) -> Result<Self> {
        let reach = Reach::new(link, name, notify).patient_for(reach::patience()?);
        let known = reach.patient_for(SOON).retrying(|link| recognise(link, profiles));
        let (identity, described) = known.map_err(|error| lost(&error))?;
        Ok(Self {
            name: name.to_owned(),
            reach,
            root: ROOT.to_owned(),
            identity,
            described,
            keeping: Keeping::default(),
            feature: Feature::needed_by(engines),
            lease: keep::lease()?,
            agent: OnceLock::new(),
        })
    }

    /// The agent's path on the phone, brought there at the first call.
    fn agent(&self) -> Result<&str> {
        if let Some(agent) = self.agent.get() {
            return Ok(agent);
        }
        let agent = agent::install(&self.reach, &self.root, self.feature)?;
        Ok(self.agent.get_or_init(|| agent))
    }

    fn sweep_folder(&self, sweep: &str) -> String {
        format!("{}/runs/{sweep}", self.root)
    }

    fn run_in(&self, folder: String) -> Box<dyn AgentRun> {
        Box::new(PhoneRun::new(self.reach.clone(), folder, self.described.soc.clone()))
    }

    /// Folders of the runs of a model, the newest last.
    fn runs(&self, name: RunName<'_>) -> std::result::Result<Vec<String>, LinkError> {
        let folder = self.sweep_folder(name.sweep);
        let list = format!("cd {} 2> /dev/null && ls", quote(&folder));
        let listed = self.reach.run(&list, QUICK)?.text();
        let prefix = format!("m{}-", name.model);
        let number = |entry: &str| entry.strip_prefix(&prefix)?.parse::<u32>().ok();
        let mut numbers: Vec<u32> = listed.lines().filter_map(|line| number(line.trim())).collect();
        numbers.sort_unstable();
        Ok(numbers.into_iter().map(|number| format!("{folder}/{prefix}{number}")).collect())
    }

    fn begin(&self, name: RunName<'_>, job: &Job) -> std::result::Result<String, StartError> {
        let agent = self.agent().map_err(StartError::Refused)?;
        let failed = |error: &LinkError| StartError::Failed(place::trouble(error));
        let last = self.runs(name).map_err(|error| failed(&error))?.pop();
        let last = last.and_then(|folder| folder.rsplit('-').next()?.parse::<u32>().ok()).unwrap_or(0);
        let folder = format!("{}/m{}-{}", self.sweep_folder(name.sweep), name.model, last + 1);
        self.send_job(&folder, job)?;
        let script = scripts::start(&folder, agent);
        self.reach.ok(&script, QUICK).map_err(|error| failed(&error))?;
        Ok(folder)
    }

    fn send_job(&self, folder: &str, job: &Job) -> std::result::Result<(), StartError> {
        let internal =
            |error: &dyn std::fmt::Display| StartError::Refused(Error::Internal(format!("job: {error}")));
        let bytes = serde_json::to_vec(job).map_err(|error| internal(&error))?;
        let mut file = tempfile::NamedTempFile::new().map_err(|error| internal(&error))?;
        std::io::Write::write_all(&mut file, &bytes).map_err(|error| internal(&error))?;
        let (path, sha256) = (format!("{folder}/job.json"), slm_plan::digest::sha256_hex(&bytes));
        let wanted = Wanted { path: &path, sha256: &sha256, bytes: bytes.len() as u64, mode: "644" };
        let sent = wanted.deliver(&self.reach, file.path());
        sent.map(drop).map_err(|error| StartError::Failed(place::trouble(&error)))
    }
}

impl Device for Phone {
    fn name(&self) -> &str {
        &self.name
    }

    fn hello(&self) -> Result<AgentFacts> {
        let agent = self.agent()?;
        let script = format!("{} hello", quote(agent));
        let output = self.reach.working(&script, agent::HELLO_PATIENCE).map_err(|error| lost(&error))?;
        let mut facts = agent::introduced(&output).map_err(|why| {
            let what = format!("the agent on {} is not usable: {why}", self.name);
            Error::input(what, agent::remedy(self.feature))
        })?;
        run::name_soc(&mut facts, self.described.soc.as_deref());
        Ok(facts)
    }

    fn claim(&self, sweep: &str) -> Result<Claim> {
        let here = DeviceLock::take(&format!("phone {}", self.reach.serial()))?;
        let owner = Owner::this(sweep);
        match lock::take(&self.reach, &self.root, &owner) {
            Ok(()) => {}
            Err(LockError::Held(who)) => {
                let what = format!("{} is {who}", self.name);
                return Err(Error::input(what, "wait for it to end, or go on with that sweep by --resume"));
            }
            Err(LockError::Link(error)) => return Err(lost(&error)),
        }
        let (reach, root, runs) = (self.reach.patient_for(SOON), self.root.clone(), self.sweep_folder(sweep));
        let keeping = self.keeping.clone();
        Ok(Claim::new(move || {
            // While the phone is still ours: the next sweep would take them for its own.
            keeping.end();
            // Runs that nobody has read to their end stay for a resumed sweep.
            let _ = lock::release(&reach, &root, &owner, &runs);
            drop(here);
        }))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            is_mobile: true,
            big_cores: self.described.big_cores.to_string().parse().ok(),
            settings: Setting::ALL.map(Setting::name).to_vec(),
            has_battery: true,
            feature_remedy: GET_COMPILED,
        }
    }

    fn prepare(&self, request: &PrepareRequest) -> Result<Option<Preparation>> {
        let known = (self.identity.clone(), self.described.clone());
        let (link, serial) = (self.reach.link(), self.reach.serial());
        let phone = readiness::prepare(link, &self.root, serial, &self.name, known, request, self.lease)?;
        if !phone.changed.settings.is_empty() {
            self.keeping.begin(Kept::new(&self.reach, &self.root, &phone, self.lease));
        }
        Ok(Some(Preparation::from(&phone)))
    }

    fn settle(&self) -> Result<Option<Facts>> {
        self.keeping.stop();
        let state = readiness::finish(&self.reach.patient_for(SOON), &self.root, &self.name)?;
        Ok(Some(Facts::of(&state)))
    }

    fn place_model(&self, model: &PlannedModel) -> std::result::Result<Placed, PlaceError> {
        let agent = self.agent().map_err(|error| PlaceError {
            failure: if matches!(error, Error::Device(_)) {
                Failure::DeviceLost
            } else {
                Failure::LoadFailed
            },
            message: error.to_string(),
        })?;
        place::place(&self.reach, &self.root, agent, model)
    }

    fn start(&self, name: RunName<'_>, job: &Job) -> std::result::Result<Box<dyn AgentRun>, StartError> {
        let folder = self.begin(name, job)?;
        Ok(self.run_in(folder))
    }

    fn adopt(&self, name: RunName<'_>) -> std::result::Result<Option<Box<dyn AgentRun>>, StartError> {
        let mut runs = self.runs(name).map_err(|error| StartError::Failed(place::trouble(&error)))?;
        Ok(runs.pop().map(|folder| self.run_in(folder)))
    }
}

/// A link's error as the end of a command.
pub(crate) fn lost(error: &LinkError) -> Error {
    let remedy = match error {
        LinkError::NoServer { .. } => "install adb (Android's platform-tools) and run `adb start-server`",
        LinkError::NoDevice { .. } => "`bench devices` lists what is attached",
        LinkError::Unauthorized { .. } => "answer the question on its screen and try again",
        LinkError::NotReady { .. } | LinkError::Lost { .. } | LinkError::TimedOut { .. } => {
            "check the cable or the network, and try again"
        }
        LinkError::NoSpace { .. } | LinkError::Refused { .. } => "see `bench devices`",
    };
    Error::Device(format!("{error}; {remedy}"))
}
