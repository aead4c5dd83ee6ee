//! What sweeps left on a phone: files and changed settings, and how to remove them.

use super::{
    disk::free_bytes, error::device_error, lock, names::ROOT, retrying_link::RetryingLink, scripts,
    timeouts::COMMAND_TIMEOUT,
};
use crate::{
    Link, LinkError, Notify, quote,
    readiness::{SettingsLeft, Unrestorable, restore},
};
use slm_plan::error::{Error, Result};
use std::{sync::Arc, time::Duration};

/// A user waits for the answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Space on a phone, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Taken by agents, models and runs.
    pub used: u64,
    /// Free.
    pub free: Option<u64>,
}

/// Asks a phone how much space is used.
///
/// # Errors
/// [`LinkError`]
pub fn usage(link: &Arc<dyn Link>) -> std::result::Result<Usage, LinkError> {
    let script = format!("du -sk {0} 2> /dev/null || echo 0; df -Pk /data/local/tmp", quote(ROOT));
    let printed = link.run(&script, COMMAND_TIMEOUT)?.text();
    let used = printed.split_whitespace().next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
    Ok(Usage { used: used.saturating_mul(1024), free: free_bytes(&printed) })
}

/// Restores the settings that a sweep left changed on a phone. With `forgetting`, what cannot
/// be restored is no longer on record.
///
/// # Errors
/// [`Error::Input`] while a sweep runs there; [`Error::Device`], also for a setting that
/// cannot be restored.
pub fn restore_settings(
    name: &str,
    link: &Arc<dyn Link>,
    forgetting: bool,
    notify: &Notify,
) -> Result<SettingsLeft> {
    unused(name, link, notify)?;
    restore(link.as_ref(), ROOT, unrestorable(forgetting))
}

fn unrestorable(forgetting: bool) -> Unrestorable {
    if forgetting { Unrestorable::Forget } else { Unrestorable::Keep }
}

/// Ends every agent on a phone, restores its settings (as [`restore_settings`]), removes
/// everything of ours from it, and gives the bytes that were freed.
///
/// # Errors
/// [`Error::Input`] while a sweep runs there; [`Error::Device`].
pub fn clean(
    name: &str,
    link: &Arc<dyn Link>,
    forgetting: bool,
    notify: &Notify,
) -> Result<(u64, SettingsLeft)> {
    let device = |error: LinkError| device_error(&error);
    let before = usage(link).map_err(device)?.used;
    let link = unused(name, link, notify)?;
    link.run_checked(&scripts::end_all(ROOT), COMMAND_TIMEOUT).map_err(device)?;
    let settings = restore(link.inner(), ROOT, unrestorable(forgetting))?;
    link.run_checked(&format!("rm -rf {}", quote(ROOT)), Duration::from_mins(1)).map_err(device)?;
    Ok((before, settings))
}

/// The phone, if no sweep uses it.
fn unused(name: &str, link: &Arc<dyn Link>, notify: &Notify) -> Result<RetryingLink> {
    let link = RetryingLink::new(Arc::clone(link), name, Arc::clone(notify)).with_patience(PATIENCE);
    match lock::holder(&link, ROOT).map_err(|error| device_error(&error))? {
        Some(who) => Err(Error::input(format!("{name} is {who}"), "wait for it to end")),
        None => Ok(link),
    }
}
