//! A phone made ready for a sweep, and left as it was.

use super::{Changed, Finding, Lease, Needs, Readiness, Setting, admit, change, check, restore};
use crate::{
    device::{
        LinkError, Shell,
        profile::{Described, Identity},
    },
    error::{Error, Result},
};
use serde::{Deserialize, Serialize};

/// What a sweep asks of a phone.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Settings to change meanwhile.
    pub settings: Vec<Setting>,
    /// What the models need.
    pub needs: Needs,
    /// Measure also where that would be refused.
    pub force: bool,
}

/// A phone as it was measured. Goes into the manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhoneRecord {
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
    wishes: &Wishes,
    lease: Lease,
) -> Result<PhoneRecord> {
    let link = |error: LinkError| Error::Device(format!("{name}: {error}"));
    let (identity, described) = known;
    let put_back = restore(shell, root)?;
    let before = Readiness::read(shell, root).map_err(link)?;
    let findings = admit(name, check(&before, &wishes.needs), wishes.force)?;
    let changed = change(shell, root, serial, &before, &wishes.settings, lease)?;
    Ok(PhoneRecord { identity, described, before, findings, changed, put_back })
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
