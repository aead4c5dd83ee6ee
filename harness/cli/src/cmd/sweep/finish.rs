//! The end of a sweep: tables, where the files are, what is left.

use super::{prepare::all_lost, ready::Ready};
use crate::{
    args::{OutputFormat, SweepArgs},
    cmd::Outcome,
    show,
};
use slm_decide::baseline::slimlm_s24;
use slm_plan::{
    Cell,
    error::{Error, Result},
    text::clean,
};
use slm_report::sweep_table;
use slm_results::{
    analysis::NoEnergy,
    schema::{Status, SummaryRow},
};
use slm_sweep::fleet::DeviceEnd;

/// Prints the tables and where the files are.
pub(super) fn finish(args: &SweepArgs, ready: &Ready, ends: Vec<DeviceEnd>) -> Result<Outcome> {
    let store = &ready.store;
    let folder = store.folder().display();
    let interrupted = ends.iter().any(|end| matches!(end, DeviceEnd::Interrupted));
    let (lost, all) = lost(ready, ends);
    if store.tables().rows().next().is_some() {
        print_summary(args, ready)?;
        for (device, why, trials) in store.tables().no_energy() {
            // Nobody expects energy of a device that has no battery.
            if why != NoEnergy::NoBattery || expects_energy(ready, device) {
                let device = clean(device);
                show::note(&format!("Energy of {trials} trials on {device} is not known: {why}"));
            }
        }
        show::note(&format!(
            "\nResults: {folder}/ (trials.csv, tokens.csv, figures.csv, summary.csv, variance.csv, telemetry.csv, events.jsonl)"
        ));
    }
    let go_on = format!("bench sweep --resume {folder}");
    if interrupted {
        show::note(&format!("Interrupted; go on with: {go_on}"));
        return Ok(Outcome::Interrupted);
    }
    if all {
        show::note(&format!("Go on with: {go_on}"));
        return Err(all_lost(lost));
    }
    for (name, error) in &lost {
        let error = clean(&error.to_string());
        show::note(&format!("{} was lost: {error}; measure the rest with: {go_on}", clean(name)));
    }
    let failed = store.tables().rows().any(|row| row.status != Status::Completed);
    Ok(if failed || !lost.is_empty() { Outcome::SomeFailed } else { Outcome::Done })
}

/// The error of the one device of a session, where it was lost.
pub(super) fn lost_device(ready: &Ready, ends: Vec<DeviceEnd>) -> Option<Error> {
    let (lost, all) = lost(ready, ends);
    all.then(|| all_lost(lost))
}

/// Whether a device has a battery to measure by, as far as is known: one that is absent may.
fn expects_energy(ready: &Ready, device: &str) -> bool {
    let member = ready.members.iter().find(|member| member.device.name() == device);
    member.is_none_or(|member| member.device.capabilities().has_battery)
}

/// The devices that were lost, and whether there is no other.
fn lost(ready: &Ready, ends: Vec<DeviceEnd>) -> (Vec<(String, Error)>, bool) {
    let absent = ready.absent.iter().map(|(name, error)| (name.clone(), Error::Device(error.to_string())));
    let mut lost: Vec<(String, Error)> = absent.collect();
    let wanted = lost.len() + ends.len();
    for (member, end) in ready.members.iter().zip(ends) {
        if let DeviceEnd::Lost(error) = end {
            lost.push((member.device.name().to_owned(), error));
        }
    }
    let all = !lost.is_empty() && lost.len() == wanted;
    (lost, all)
}

fn print_summary(args: &SweepArgs, ready: &Ready) -> Result<()> {
    let Ready { store, plan, .. } = ready;
    let summary: Vec<(Cell, &SummaryRow)> = store.tables().summary().collect();
    match args.output.output {
        OutputFormat::Text => {
            let mut text = sweep_table::sweep_tables(plan, &summary, &slimlm_s24());
            let failures = sweep_table::failures(plan, store.tables().rows());
            if !failures.is_empty() {
                text = format!("{text}\nFailed:\n{failures}");
            }
            text += &sweep_table::variances(store.tables().variances());
            show::data(&text);
            Ok(())
        }
        OutputFormat::Json => show::json(&summary.iter().map(|(_, row)| *row).collect::<Vec<_>>()),
    }
}
