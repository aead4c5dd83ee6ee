//! Prepares a phone for a sweep, and restores it afterwards.

use super::{
    ChangedSettings, Lease, Needs, PhoneState, Setting, Unrestorable, admit, change, findings, is_wireless,
    restore, values_before,
};
use crate::{
    LinkError, Shell,
    profile::{Identity, PhoneDescription},
};
use slm_plan::error::{Error, Result};
use slm_results::condition::{Facts, Finding, Preparation, Severity};

/// What a sweep asks of a device.
#[derive(Clone, Debug, Default)]
pub struct PrepareRequest {
    /// Settings to change for the sweep.
    pub settings: Vec<Setting>,
    /// What the models need.
    pub needs: Needs,
    /// Measure even in a state that would be refused.
    pub force: bool,
}

/// A phone as it was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct PhonePreparation {
    /// Its properties.
    pub identity: Identity,
    /// What is known of it.
    pub described: PhoneDescription,
    /// Its state before anything was changed or measured.
    pub before: PhoneState,
    /// What is wrong or notable about that state.
    pub findings: Vec<Finding>,
    /// What was changed for the sweep.
    pub changed: ChangedSettings,
    /// Settings of an earlier sweep that this one restored.
    pub put_back: Vec<String>,
}

impl PhonePreparation {
    /// Where profile and phone contradict each other.
    fn description_warnings(&self) -> impl Iterator<Item = Finding> {
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
            findings: phone.description_warnings().chain(phone.findings.iter().cloned()).collect(),
            changed: phone.changed.settings.iter().map(|setting| setting.into_str().to_owned()).collect(),
            put_back: phone.put_back.clone(),
        }
    }
}

/// Checks, changing nothing, whether [`prepare`] would refuse the phone or a setting now.
///
/// # Errors
/// As [`prepare`], but for what the phone refuses only once it is asked.
pub fn check(
    shell: &dyn Shell,
    root: &str,
    serial: &str,
    name: &str,
    request: &PrepareRequest,
) -> Result<()> {
    let state = PhoneState::read(shell, root).map_err(|error| Error::Device(format!("{name}: {error}")))?;
    admit(name, findings(&state, &request.needs, is_wireless(serial)), request.force)?;
    values_before(serial, &state, &request.settings).map(|_| ())
}

/// Restores what an earlier sweep left changed, checks the phone's state, and changes the
/// settings that were asked for. To be called with the phone's lock held, since a sweep that
/// runs there has changed settings on purpose. `name` is the phone's, for messages;
/// `identified` is what it was identified as.
///
/// # Errors
/// [`Error::Device`] when the phone cannot be measured or the link fails; [`Error::Input`]
/// for a setting that cannot be changed. No setting stays changed then, unless the link
/// fails.
pub fn prepare(
    shell: &dyn Shell,
    root: &str,
    serial: &str,
    name: &str,
    identified: (Identity, PhoneDescription),
    request: &PrepareRequest,
    lease: Lease,
) -> Result<PhonePreparation> {
    let link = |error: LinkError| Error::Device(format!("{name}: {error}"));
    let (identity, described) = identified;
    let restored = restore(shell, root, Unrestorable::Keep);
    let mut found = match &restored {
        Err(error) if request.force => {
            vec![Finding { severity: Severity::Warning, text: error.to_string() }]
        }
        _ => Vec::new(),
    };
    let put_back = if request.force { restored.unwrap_or_default() } else { restored? }.restored;
    let before = PhoneState::read(shell, root).map_err(link)?;
    found.extend(findings(&before, &request.needs, is_wireless(serial)));
    let findings = admit(name, found, request.force)?;
    let changed = change(shell, root, serial, &before, &request.settings, lease)?;
    Ok(PhonePreparation { identity, described, before, findings, changed, put_back })
}

/// Restores every setting and gives the phone's state after that. To be called however the
/// sweep ended.
///
/// # Errors
/// [`Error::Device`] when the link fails or a setting cannot be restored.
pub fn finish(shell: &dyn Shell, root: &str, name: &str) -> Result<PhoneState> {
    restore(shell, root, Unrestorable::Keep)?;
    PhoneState::read(shell, root).map_err(|error| Error::Device(format!("{name}: {error}")))
}
