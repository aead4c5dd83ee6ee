//! A phone made ready for a sweep, and left as it was.

use super::{Changed, Lease, Needs, Readiness, Setting, admit, change, check, is_wireless, restore};
use crate::{
    LinkError, Shell,
    profile::{Described, Identity},
};
use slm_plan::error::{Error, Result};
use slm_results::condition::{Facts, Finding, Preparation, Severity};

/// What a sweep asks of a device.
#[derive(Clone, Debug, Default)]
pub struct PrepareRequest {
    /// Settings to change meanwhile.
    pub settings: Vec<Setting>,
    /// What the models need.
    pub needs: Needs,
    /// Measure even where that would be refused.
    pub force: bool,
}

/// A phone as it was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct PhonePreparation {
    /// Its properties.
    pub identity: Identity,
    /// What is known of it.
    pub described: Described,
    /// Its state before anything was changed or measured.
    pub before: Readiness,
    /// What was found about that state.
    pub findings: Vec<Finding>,
    /// What was changed for the sweep.
    pub changed: Changed,
    /// What an earlier sweep had left changed and this one put back.
    pub put_back: Vec<String>,
}

impl PhonePreparation {
    /// What does not fit together in what is known of the phone.
    fn known_warnings(&self) -> impl Iterator<Item = Finding> {
        let warning = |text: &String| Finding { severity: Severity::Warning, text: text.clone() };
        self.described.warnings.iter().map(warning)
    }
}

impl From<&PhonePreparation> for Preparation {
    fn from(phone: &PhonePreparation) -> Self {
        Self {
            identity: Facts::of(&phone.identity),
            known: Facts::of(&phone.described),
            before: Facts::of(&phone.before),
            findings: phone.known_warnings().chain(phone.findings.iter().cloned()).collect(),
            changed: phone.changed.settings.iter().map(|setting| setting.name().to_owned()).collect(),
            put_back: phone.put_back.clone(),
        }
    }
}

/// Puts back what an earlier sweep left, looks the phone over, and changes what was
/// asked for. To be called with the phone's lock held: a sweep that still runs there has
/// its settings changed on purpose. `name` is the phone's, for messages; `known` is what
/// it was recognised as, `lease` how long it keeps changed settings without word of its host.
///
/// # Errors
/// [`Error::Device`] when the phone is not fit or the link fails; [`Error::Input`]
/// for a setting that cannot be changed. Nothing is left changed then, as far as the
/// link lets.
pub fn prepare(
    shell: &dyn Shell,
    root: &str,
    serial: &str,
    name: &str,
    known: (Identity, Described),
    request: &PrepareRequest,
    lease: Lease,
) -> Result<PhonePreparation> {
    let link = |error: LinkError| Error::Device(format!("{name}: {error}"));
    let (identity, described) = known;
    let put_back = restore(shell, root)?;
    let before = Readiness::read(shell, root).map_err(link)?;
    let findings = admit(name, check(&before, &request.needs, is_wireless(serial)), request.force)?;
    let changed = change(shell, root, serial, &before, &request.settings, lease)?;
    Ok(PhonePreparation { identity, described, before, findings, changed, put_back })
}

/// Puts everything back and tells the phone's state then. To be called however the sweep
/// ended.
///
/// # Errors
/// [`Error::Device`] when the link fails or a setting does not go back.
pub fn finish(shell: &dyn Shell, root: &str, name: &str) -> Result<Readiness> {
    restore(shell, root)?;
    Readiness::read(shell, root).map_err(|error| Error::Device(format!("{name}: {error}")))
}
