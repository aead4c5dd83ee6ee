//! The agent on the phone: the binary that fits its CPU, sent when it is not there.

use super::{
    deliver::{QUICK, Wanted},
    reach::Reach,
};
use crate::{
    agent::{Edition, Feature, Flavour, ensure},
    device::LinkError,
    error::{Error, Result},
    models,
};
use std::{env, path::PathBuf};

/// Which binary a phone gets: the one named in `SLM_PHONE_AGENT`, or the fastest that all
/// its cores can run, with the feature that is needed.
pub(super) fn binary(cpuinfo: &str, feature: Option<Feature>) -> Result<PathBuf> {
    match env::var_os("SLM_PHONE_AGENT").filter(|value| !value.is_empty()) {
        Some(path) => Ok(path.into()),
        None => Ok(ensure(Edition { flavour: Flavour::for_cpuinfo(cpuinfo), feature })?.path),
    }
}

/// Brings the agent to the phone and tells its path there.
pub(super) fn install(reach: &Reach, root: &str, feature: Option<Feature>) -> Result<String> {
    let lost = |error: LinkError| super::lost(&error);
    let cpuinfo = reach.ok("cat /proc/cpuinfo", QUICK).map_err(lost)?;
    let file = binary(&cpuinfo, feature)?;
    let sha256 = models::hash_file(&file).map_err(|error| Error::reading(&file, &error))?;
    let bytes = file.metadata().map_err(|error| Error::reading(&file, &error))?.len();
    let path = format!("{root}/bin/slm-agent-{}", &sha256[..16]);
    let wanted = Wanted { path: &path, sha256: &sha256, bytes, mode: "755" };
    wanted.deliver(reach, &file).map_err(lost)?;
    Ok(path)
}
