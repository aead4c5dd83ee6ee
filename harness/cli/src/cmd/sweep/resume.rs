//! An interrupted sweep, up to its next trial.

use super::{condition, prepare::all_lost, ready::Ready};
use crate::{args::SweepArgs, show};
use slm_device::{self as device, Claim, Device, OpenOptions, profile::Profiles};
use slm_plan::{
    Design,
    error::{Error, Result},
    interrupt::Interrupt,
};
use slm_sweep::{
    fleet::Member,
    store::{Store, SweepEvent},
};
use std::path::Path;

/// Opens the devices that have trials left. One that is not there stops only a sweep
/// that has no other.
pub(super) fn resume(args: &SweepArgs, folder: &Path, interrupt: &Interrupt) -> Result<Ready> {
    let (store, manifest) = Store::resume(folder)?;
    if manifest.plan.input.design == Design::Ab {
        let what = format!("{} is a session of `bench ab`", folder.display());
        return Err(Error::input(
            what,
            "begin a new one: half of one says little of the other half's conditions",
        ));
    }
    let id = manifest.run_id();
    let profiles = Profiles::load(&args.phone.profile)?;
    let engines = manifest.plan.input.engines();
    let options = OpenOptions {
        adb_server: args.adb.server(),
        profiles: &profiles,
        engines: &engines,
        notify: show::notices(),
        interrupt: interrupt.clone(),
    };
    let (mut members, mut claims) = (Vec::new(), Vec::new());
    let (mut absent, mut prepared) = (Vec::new(), Vec::new());
    for name in &manifest.plan.input.devices {
        if store.tables().remaining(name).is_empty() {
            continue;
        }
        let record = manifest.devices.iter().find(|record| record.name == *name);
        let opened = open(name, &id, &options).and_then(|(device, claim)| {
            let recorded = record.and_then(|record| record.condition.as_deref());
            let condition = condition::prepare(&args.phone, &manifest.plan, device.as_ref(), recorded)?;
            Ok((device, claim, condition))
        });
        match opened {
            Ok((device, claim, condition)) => {
                if let Some(condition) = condition {
                    prepared.push(SweepEvent::DevicePrepared { device: name.clone(), condition });
                }
                let threads = record.and_then(|record| record.threads);
                let affinity = record.and_then(|record| record.affinity.clone());
                members.push(Member { device, threads, affinity });
                claims.push(claim);
            }
            Err(error) => absent.push((name.clone(), error)),
        }
    }
    if members.is_empty() && !absent.is_empty() {
        return Err(all_lost(absent));
    }
    Ok(Ready { store, id, plan: manifest.plan, members, absent, prepared, _claims: claims })
}

/// A device that answers and is ours alone.
fn open(name: &str, sweep: &str, options: &OpenOptions<'_>) -> Result<(Box<dyn Device>, Claim)> {
    let device = device::open(name, options)?;
    let claim = device.claim(sweep)?;
    device.hello()?;
    Ok((device, claim))
}
