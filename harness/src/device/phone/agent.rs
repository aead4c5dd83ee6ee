//! The agent on the phone: the binary that fits its CPU, sent when it is not there.

use super::{
    deliver::{QUICK, Wanted},
    reach::Reach,
};
use crate::{
    device::LinkError,
    error::{Error, Result},
    models,
};
use std::{env, path::PathBuf};

/// Which binary a phone gets.
pub(super) fn binary(_cpuinfo: &str) -> Result<PathBuf> {
    let path = env::var_os("SLM_PHONE_AGENT").map(PathBuf::from).unwrap_or_default();
    if path.is_file() {
        return Ok(path);
    }
    Err(Error::input("there is no agent for phones", "name one in SLM_PHONE_AGENT"))
}

/// Brings the agent to the phone and tells its path there.
pub(super) fn install(reach: &Reach, root: &str) -> Result<String> {
    let lost = |error: LinkError| super::lost(&error);
    let cpuinfo = reach.ok("cat /proc/cpuinfo", QUICK).map_err(lost)?;
    let file = binary(&cpuinfo)?;
    let sha256 = models::hash_file(&file).map_err(|error| Error::reading(&file, &error))?;
    let bytes = file.metadata().map_err(|error| Error::reading(&file, &error))?.len();
    let path = format!("{root}/bin/slm-agent-{}", &sha256[..16]);
    let wanted = Wanted { path: &path, sha256: &sha256, bytes, mode: "755" };
    wanted.deliver(reach, &file).map_err(lost)?;
    Ok(path)
}
