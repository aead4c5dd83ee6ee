//! A phone as a device.

use super::{
    agent,
    disk::with_figures,
    error::{device_error, stage_error},
    job_file::JobFile,
    lease_renewal::{self, LeaseRenewer, LeasedSettings},
    lock::{self, LockError, Owner},
    names::ROOT,
    retrying_link::{self, RetryingLink},
    run::{self, PhoneRun},
    scripts, stage,
    timeouts::{COMMAND_TIMEOUT, SHORT_PATIENCE},
};
use crate::{
    AgentRun, Claim, Device, Link, LinkError, Notice, OpenOptions, RunName, StagedModel, StartError,
    agents::{Feature, Flavour},
    lock::DeviceLock,
    profile::{Identity, PhoneDescription, identify},
    quote,
    readiness::{self, Lease, PrepareRequest, Setting},
};
use slm_plan::{
    Capabilities, PlannedModel,
    error::{Error, Result},
};
use slm_protocol::{AgentFacts, Failure, Job};
use slm_provision::StageError;
use slm_results::condition::{Facts, Preparation};
use std::sync::{Arc, OnceLock};
use strum::VariantArray;

/// How to get an agent for phones that runs models compiled by TVM.
const COMPILED_REMEDY: &str =
    "`bench agent build --mlc`, or name one that has it in SLM_PHONE_AGENT (docs/mlc.md)";

/// How the folders of a model's run begin; a number follows, since a run may need several agents.
fn run_prefix(name: RunName<'_>) -> String {
    format!("r{}m{}-", name.run, name.model)
}

/// A phone.
pub struct Phone {
    pub(super) name: String,
    pub(super) link: RetryingLink,
    pub(super) root: String,
    pub(super) identity: Identity,
    pub(super) description: PhoneDescription,
    /// Renews the lease of settings that are changed.
    pub(super) lease_renewer: LeaseRenewer,
    /// The fastest agent that all its cores can run.
    pub(super) flavour: Flavour,
    /// What its agent must have beyond the usual engines.
    pub(super) feature: Option<Feature>,
    pub(super) lease: Lease,
    pub(super) agent: OnceLock<String>,
}

impl Phone {
    /// The phone behind a link, which is asked for its properties and cores.
    ///
    /// # Errors
    /// [`Error::Device`] when it cannot be reached.
    pub fn open(name: &str, link: Arc<dyn Link>, options: &OpenOptions<'_>) -> Result<Self> {
        let OpenOptions { profiles, engines, notify, interrupt, .. } = options;
        let link = RetryingLink::new(link, name, Arc::clone(notify))
            .with_patience(retrying_link::patience()?)
            .with_interrupt(interrupt);
        let identified = link.with_patience(SHORT_PATIENCE).retrying(|link| identify(link, profiles));
        let (identity, description, flavour) = identified.map_err(|error| device_error(&error))?;
        let flavour = flavour.unwrap_or(Flavour::Armv8);
        Ok(Self {
            name: name.to_owned(),
            link,
            root: ROOT.to_owned(),
            identity,
            description,
            lease_renewer: LeaseRenewer::default(),
            flavour,
            feature: Feature::needed_by(engines),
            lease: lease_renewal::lease()?,
            agent: OnceLock::new(),
        })
    }

    /// The agent's path on the phone; the first call sends it.
    fn agent(&self) -> Result<&str> {
        if let Some(agent) = self.agent.get() {
            return Ok(agent);
        }
        let agent = agent::install(&self.link, &self.root, self.flavour, self.feature)?;
        Ok(self.agent.get_or_init(|| agent))
    }

    fn sweep_folder(&self, sweep: &str) -> String {
        format!("{}/runs/{sweep}", self.root)
    }

    /// Ends agents and removes runs that an earlier sweep left and nobody can go on with. To
    /// be called with the phone's lock held.
    fn tidy(&self) -> std::result::Result<(), LinkError> {
        // First: an agent whose run goes here is a stray then.
        self.link.run_checked(&scripts::remove_empty_runs(&self.root), COMMAND_TIMEOUT)?;
        let ended = self.link.run_checked(&scripts::end_strays(&self.root), COMMAND_TIMEOUT)?;
        match ended.split_whitespace().count() {
            0 => {}
            count => self.link.notify(Notice::StraysEnded(count)),
        }
        Ok(())
    }

    fn follow(&self, folder: String) -> Box<dyn AgentRun> {
        Box::new(PhoneRun::new(self.link.clone(), folder, self.description.soc.clone()))
    }

    /// Folders of the runs of a model, the newest last.
    pub(super) fn runs(&self, name: RunName<'_>) -> std::result::Result<Vec<String>, LinkError> {
        let folder = self.sweep_folder(name.sweep);
        let list = format!("cd {} 2> /dev/null && ls", quote(&folder));
        let listed = self.link.run(&list, COMMAND_TIMEOUT)?.text();
        let prefix = run_prefix(name);
        let number = |entry: &str| entry.strip_prefix(&prefix)?.parse::<u32>().ok();
        let mut numbers: Vec<u32> = listed.lines().filter_map(|line| number(line.trim())).collect();
        numbers.sort_unstable();
        Ok(numbers.into_iter().map(|number| format!("{folder}/{prefix}{number}")).collect())
    }

    fn begin(&self, name: RunName<'_>, job: &Job) -> std::result::Result<String, StartError> {
        let agent = self.agent().map_err(StartError::Refused)?;
        let failed = |error: &LinkError| StartError::Failed(stage_error(error));
        let last = self.runs(name).map_err(|error| failed(&error))?.pop();
        let last = last.and_then(|folder| folder.rsplit('-').next()?.parse::<u32>().ok()).unwrap_or(0);
        let folder = format!("{}/{}{}", self.sweep_folder(name.sweep), run_prefix(name), last + 1);
        let job = JobFile::new(job)
            .map_err(|error| StartError::Refused(Error::Internal(format!("job: {error}"))))?;
        let script = scripts::start(&folder, agent, self.link.space_patience());
        let run = || {
            let run = self.link.run_checked(&script, COMMAND_TIMEOUT);
            run.map_err(|error| with_figures(error, &self.link, &folder, None))
        };
        let begun = job.send(&self.link, &folder).and_then(|()| self.link.waiting_for_space(run));
        let Err(error) = begun else { return Ok(folder) };
        // Where only the answer was lost, the run may live: a resumed sweep goes on with it, or the
        // next one removes it.
        if !error.can_retry() {
            let _ = self.link.inner().run(&scripts::remove_unstarted(&folder), SHORT_PATIENCE);
        }
        Err(failed(&error))
    }
}

impl Device for Phone {
    fn name(&self) -> &str {
        &self.name
    }

    fn unit(&self) -> String {
        self.identity.unit.clone().unwrap_or_else(|| format!("phone {}", self.link.serial()))
    }

    fn hello(&self) -> Result<AgentFacts> {
        let agent = self.agent()?;
        let script = format!("{} hello", quote(agent));
        let output =
            self.link.run_long(&script, agent::HELLO_TIMEOUT).map_err(|error| device_error(&error))?;
        let mut facts = agent::parse_hello(&output).map_err(|why| {
            let what = format!("the agent on {} is not usable: {why}", self.name);
            Error::input(what, agent::remedy(self.feature))
        })?;
        run::set_soc_name(&mut facts, self.description.soc.as_deref());
        Ok(facts)
    }

    fn claim(&self, sweep: &str) -> Result<Claim> {
        let here = DeviceLock::take(&format!("phone {}", self.link.serial()))?;
        let owner = Owner::this_process(sweep);
        let taken = self.link.waiting_for_space(|| match lock::take(&self.link, &self.root, &owner) {
            Ok(()) => Ok(None),
            Err(LockError::Held(who)) => Ok(Some(who)),
            Err(LockError::Link(error)) => Err(with_figures(error, &self.link, &self.root, None)),
        });
        if let Some(who) = taken.map_err(|error| device_error(&error))? {
            let what = format!("{} is {who}", self.name);
            return Err(Error::input(what, "wait for it to end, or go on with that sweep by --resume"));
        }
        let (link, root, runs) =
            (self.link.with_patience(SHORT_PATIENCE), self.root.clone(), self.sweep_folder(sweep));
        let lease_renewer = self.lease_renewer.clone();
        // Before anything else can fail: the claim's end releases the lock.
        let claim = Claim::new(move || {
            // Before the lock is released: the next sweep would change the same settings.
            lease_renewer.stop_and_restore();
            // Runs that were not read to their end stay for a resumed sweep.
            let _ = lock::release(&link, &root, &owner, &runs);
            drop(here);
        });
        self.tidy().map_err(|error| device_error(&error))?;
        Ok(claim)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            is_mobile: true,
            big_cores: self.description.big_cores.to_string().parse().ok(),
            settings: Setting::VARIANTS.iter().map(Setting::into_str).collect(),
            has_battery: true,
            feature_remedy: COMPILED_REMEDY,
        }
    }

    fn check(&self, request: &PrepareRequest) -> Result<()> {
        readiness::check(self.link.inner(), &self.root, self.link.serial(), &self.name, request)
    }

    fn prepare(&self, request: &PrepareRequest) -> Result<Option<Preparation>> {
        let identified = (self.identity.clone(), self.description.clone());
        let (link, serial) = (self.link.inner(), self.link.serial());
        let phone =
            readiness::prepare(link, &self.root, serial, &self.name, identified, request, self.lease)?;
        if !phone.changed.settings.is_empty() {
            self.lease_renewer.start(LeasedSettings::new(&self.link, &self.root, &phone, self.lease));
        }
        Ok(Some(Preparation::from(&phone)))
    }

    fn restore(&self) -> Result<Option<Facts>> {
        self.lease_renewer.stop();
        let state = readiness::finish(&self.link.with_patience(SHORT_PATIENCE), &self.root, &self.name)?;
        Ok(Some(Facts::of(&state)))
    }

    fn stage_model(&self, model: &PlannedModel) -> std::result::Result<StagedModel, StageError> {
        let agent = self.agent().map_err(|error| StageError {
            failure: if matches!(error, Error::Device(_)) {
                Failure::DeviceLost
            } else {
                Failure::LoadFailed
            },
            message: error.to_string(),
        })?;
        stage::stage(&self.link, &self.root, agent, model)
    }

    fn start(&self, name: RunName<'_>, job: &Job) -> std::result::Result<Box<dyn AgentRun>, StartError> {
        let folder = self.begin(name, job)?;
        Ok(self.follow(folder))
    }

    fn adopt(&self, name: RunName<'_>) -> std::result::Result<Option<Box<dyn AgentRun>>, StartError> {
        let mut runs = self.runs(name).map_err(|error| StartError::Failed(stage_error(&error)))?;
        Ok(runs.pop().map(|folder| self.follow(folder)))
    }
}
