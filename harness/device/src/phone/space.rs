//! Space that the harness uses on a phone, and how to free it.

use super::{
    ROOT,
    deliver::{QUICK, free_bytes},
    lock, lost,
    reach::Reach,
};
use crate::{Link, LinkError, Notify, quote, readiness::restore};
use slm_plan::error::{Error, Result};
use std::{sync::Arc, time::Duration};

/// Nobody waits long for a list.
const PATIENCE: Duration = Duration::from_secs(3);

/// Space on a phone, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Taken by agents, models and runs.
    pub used: u64,
    /// Free.
    pub free: Option<u64>,
}

/// Asks a phone what is used there.
///
/// # Errors
/// [`LinkError`]
pub fn usage(link: &Arc<dyn Link>) -> std::result::Result<Usage, LinkError> {
    let script = format!("du -sk {0} 2> /dev/null || echo 0; df -Pk /data/local/tmp", quote(ROOT));
    let printed = link.run(&script, QUICK)?.text();
    let used = printed.split_whitespace().next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
    Ok(Usage { used: used.saturating_mul(1024), free: free_bytes(&printed) })
}

/// Puts back the settings that a sweep has changed on a phone and not put back, and
/// tells them.
///
/// # Errors
/// [`Error::Input`] while a sweep runs there; [`Error::Device`].
pub fn put_back(name: &str, link: &Arc<dyn Link>, notify: &Notify) -> Result<Vec<String>> {
    free(name, link, notify)?;
    restore(link.as_ref(), ROOT)
}

/// Removes everything of ours from a phone, its settings put back before, and tells the bytes that were freed.
///
/// # Errors
/// [`Error::Input`] while a sweep runs there; [`Error::Device`].
pub fn clean(name: &str, link: &Arc<dyn Link>, notify: &Notify) -> Result<u64> {
    let device = |error: LinkError| lost(&error);
    let before = usage(link).map_err(device)?.used;
    let reach = free(name, link, notify)?;
    restore(link.as_ref(), ROOT)?;
    reach.ok(&format!("rm -rf {}", quote(ROOT)), Duration::from_mins(1)).map_err(device)?;
    Ok(before)
}

/// A phone that no sweep uses.
fn free(name: &str, link: &Arc<dyn Link>, notify: &Notify) -> Result<Reach> {
    let reach = Reach::new(Arc::clone(link), name, Arc::clone(notify)).patient_for(PATIENCE);
    match lock::holder(&reach, ROOT).map_err(|error| lost(&error))? {
        Some(who) => Err(Error::input(format!("{name} is {who}"), "wait for it to end")),
        None => Ok(reach),
    }
}
