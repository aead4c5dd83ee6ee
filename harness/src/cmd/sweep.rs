//! `bench sweep`: plan, measure, record, show.

use super::{
    Outcome,
    compute::{Compute, Seen},
    condition, plan_sweep,
};
use crate::{
    analysis::{NoEnergy, Status, SummaryRow},
    cli::{DeviceList, OutputFormat, SweepArgs},
    device::{self, Claim, Device, profile::Profiles},
    error::{Error, Result},
    file_name,
    fleet::{Fleet, Member, Part},
    interrupt::Interrupt,
    models,
    plan::{Cell, Estimate, Plan},
    session,
    show::{self, Progress},
    store::{DeviceRecord, FORMAT, HostFacts, Manifest, Store, SweepEvent, ToolFacts},
};
use slm_protocol::EngineKind;
use std::{
    env,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Runs the command.
pub(super) fn run(args: &SweepArgs) -> Result<Outcome> {
    let interrupt = Interrupt::listen()?;
    let prepared = match &args.resume {
        Some(folder) => Some(resume(args, folder)?),
        None => prepare(args, &interrupt)?,
    };
    // `--dry-run` leaves nothing to do.
    let Some(mut ready) = prepared else { return Ok(Outcome::Done) };
    let parts = measure(&mut ready, &interrupt, args.resume.is_some())?;
    finish(args, &ready, parts)
}

/// All is checked, nothing is measured yet.
struct Ready {
    store: Store,
    /// The sweep's id.
    id: String,
    plan: Plan,
    members: Vec<Member>,
    /// Devices that are wanted and not there; only when a sweep is resumed.
    absent: Vec<(String, Error)>,
    /// What was done to phones before they go on.
    prepared: Vec<SweepEvent>,
    _claims: Vec<Claim>,
}

/// Everything that can be wrong is found here, before anything is measured. Nothing
/// is left to be done after a `--dry-run`.
fn prepare(args: &SweepArgs, interrupt: &Interrupt) -> Result<Option<Ready>> {
    session::load_patience()?;
    let profiles = Profiles::load(&args.phone.profile)?;
    let names = match &args.device {
        Some(DeviceList::Named(names)) => names.clone(),
        Some(DeviceList::All) => device::attached(args.adb.server())?,
        None => Vec::new(),
    };
    let engines = plan_sweep::engines(args)?;
    let open = |name| device::open(name, args.adb.server(), &profiles, &engines);
    let devices = names.iter().map(|name| open(name)).collect::<Result<Vec<_>>>()?;
    let seen = devices.iter().map(|device| Seen::ask(device.as_ref())).collect::<Result<Vec<Seen>>>()?;
    let plan = plan_sweep::plan(args, &engines, &seen, interrupt)?;
    if args.dry_run {
        print_plan(args, &plan)?;
        return Ok(None);
    }
    // Before the folder is made: a sweep that is refused leaves none behind.
    let plan_sha256 = plan.hash()?;
    let id = Manifest::new_id(&plan_sha256);
    let claims = devices.iter().map(|device| device.claim(&id)).collect::<Result<Vec<_>>>()?;
    let created = SystemTime::now();
    let compute = seen.iter().map(|device| Compute::of(args, device)).collect::<Result<Vec<Compute>>>()?;
    let folder = args.out.clone().unwrap_or_else(|| default_folder(created, &devices));
    let record = |((device, seen), compute): ((&dyn Device, Seen), &Compute)| {
        let Compute { threads, affinity } = compute.clone();
        let phone = condition::prepare(args, &plan, device, None)?;
        Ok(DeviceRecord { name: seen.name, agent: seen.agent, threads, affinity, phone })
    };
    let records =
        devices.iter().map(AsRef::as_ref).zip(seen).zip(&compute).map(record).collect::<Result<Vec<_>>>()?;
    let manifest = Manifest {
        format: FORMAT,
        id: id.clone(),
        tool: ToolFacts::this(),
        command: command_line(),
        created_at: humantime::format_rfc3339_seconds(created).to_string(),
        host: HostFacts::gather(),
        devices: records,
        plan_sha256,
        plan: plan.clone(),
    };
    let store = Store::create(&folder, &manifest)?;
    let member = |(device, Compute { threads, affinity })| Member { device, threads, affinity };
    let members = devices.into_iter().zip(compute).map(member).collect();
    let (absent, prepared) = (Vec::new(), Vec::new());
    Ok(Some(Ready { store, id, plan, members, absent, prepared, _claims: claims }))
}

/// Opens the devices that have trials left. One that is not there stops only a sweep
/// that has no other.
fn resume(args: &SweepArgs, folder: &Path) -> Result<Ready> {
    let (store, manifest) = Store::resume(folder)?;
    let id = manifest.run_id();
    let profiles = Profiles::load(&args.phone.profile)?;
    let engines = manifest.plan.input.engines();
    let (mut members, mut claims) = (Vec::new(), Vec::new());
    let (mut absent, mut prepared) = (Vec::new(), Vec::new());
    for name in &manifest.plan.input.devices {
        if store.tables().remaining(name).is_empty() {
            continue;
        }
        let record = manifest.devices.iter().find(|record| record.name == *name);
        let opened = open(args, name, &id, &profiles, &engines).and_then(|(device, claim)| {
            let recorded = record.and_then(|record| record.phone.as_deref());
            let phone = condition::prepare(args, &manifest.plan, device.as_ref(), recorded)?;
            Ok((device, claim, phone))
        });
        match opened {
            Ok((device, claim, phone)) => {
                if let Some(phone) = phone {
                    prepared.push(SweepEvent::DevicePrepared { device: name.clone(), phone });
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
fn open(
    args: &SweepArgs,
    name: &str,
    sweep: &str,
    profiles: &Profiles,
    engines: &[EngineKind],
) -> Result<(Box<dyn Device>, Claim)> {
    let device = device::open(name, args.adb.server(), profiles, engines)?;
    let claim = device.claim(sweep)?;
    device.hello()?;
    Ok((device, claim))
}

/// Measures what is left, on all devices at once.
fn measure(ready: &mut Ready, interrupt: &Interrupt, resumed: bool) -> Result<Vec<Part>> {
    let Ready { store, id, plan, members, prepared, .. } = ready;
    let mut progress = Progress::new(plan, store.tables());
    store.record(&SweepEvent::RunStarted { command: command_line(), resumed })?;
    for event in prepared.drain(..) {
        store.record(&event)?;
    }
    let mut watch = |tables: &_, event: &_| progress.show(plan, tables, event);
    let parts = Fleet { plan, sweep: id, members, interrupt }.run(store, &mut watch)?;
    progress.clear();
    for (member, part) in members.iter().zip(&parts) {
        // One that is away gets its settings back as its claim ends, if it is there by then.
        let is_there = !matches!(part, Part::Lost(_));
        if let Some(state) = is_there.then(|| condition::settle(member.device.as_ref())).flatten() {
            store.record(&SweepEvent::DeviceLeft { device: member.device.name().to_owned(), state })?;
        }
    }
    let interrupted = parts.iter().any(|part| matches!(part, Part::Interrupted));
    store.record(&SweepEvent::RunEnded { interrupted })?;
    Ok(parts)
}

/// Prints the tables and where the files are.
fn finish(args: &SweepArgs, ready: &Ready, parts: Vec<Part>) -> Result<Outcome> {
    let store = &ready.store;
    let folder = store.folder().display();
    let interrupted = parts.iter().any(|part| matches!(part, Part::Interrupted));
    let (lost, all) = lost(ready, parts);
    if store.tables().rows().next().is_some() {
        print_summary(args, ready)?;
        for (device, why, trials) in store.tables().no_energy() {
            // That this machine has no battery needs no words.
            if why != NoEnergy::NoBattery || device != "local" {
                let device = show::clean(device);
                show::note(&format!("Energy of {trials} trials on {device} is not known: {why}"));
            }
        }
        show::note(&format!(
            "\nResults: {folder}/ (trials.csv, tokens.csv, summary.csv, telemetry.csv, events.jsonl)"
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
        let error = show::clean(&error.to_string());
        show::note(&format!("{} was lost: {error}; measure the rest with: {go_on}", show::clean(name)));
    }
    let failed = store.tables().rows().any(|row| row.status != Status::Completed);
    Ok(if failed || !lost.is_empty() { Outcome::SomeFailed } else { Outcome::Done })
}

/// The devices that were lost, and whether there is no other.
fn lost(ready: &Ready, parts: Vec<Part>) -> (Vec<(String, Error)>, bool) {
    let absent = ready.absent.iter().map(|(name, error)| (name.clone(), Error::Device(error.to_string())));
    let mut lost: Vec<(String, Error)> = absent.collect();
    let wanted = lost.len() + parts.len();
    for (member, part) in ready.members.iter().zip(parts) {
        if let Part::Lost(error) = part {
            lost.push((member.device.name().to_owned(), error));
        }
    }
    let all = !lost.is_empty() && lost.len() == wanted;
    (lost, all)
}

/// Why a sweep has no device any more. Where there was one, its own error.
fn all_lost(mut lost: Vec<(String, Error)>) -> Error {
    if lost.len() == 1
        && let Some((_, error)) = lost.pop()
    {
        return error;
    }
    let each: Vec<String> = lost.iter().map(|(name, error)| format!("{name}: {error}")).collect();
    Error::Device(format!("all {} devices are lost: {}", lost.len(), each.join("; ")))
}

fn print_summary(args: &SweepArgs, ready: &Ready) -> Result<()> {
    let Ready { store, plan, .. } = ready;
    let summary: Vec<(Cell, &SummaryRow)> = store.tables().summary().collect();
    match args.output.output {
        OutputFormat::Text => {
            let mut text = show::sweep_tables(plan, &summary, &crate::baseline::slimlm_s24());
            let failures = show::failures(plan, store.tables().rows());
            if !failures.is_empty() {
                text = format!("{text}\nFailed:\n{failures}");
            }
            show::data(&text);
        }
        OutputFormat::Json => {
            let rows: Vec<&SummaryRow> = summary.iter().map(|(_, row)| *row).collect();
            let json =
                serde_json::to_string_pretty(&rows).map_err(|error| Error::Internal(error.to_string()))?;
            show::data(&(json + "\n"));
        }
    }
    Ok(())
}

fn print_plan(args: &SweepArgs, plan: &Plan) -> Result<()> {
    if args.output.output == OutputFormat::Json {
        let json = serde_json::to_string_pretty(plan).map_err(|error| Error::Internal(error.to_string()))?;
        show::data(&(json + "\n"));
        return Ok(());
    }
    let present: Vec<bool> = plan.input.models.iter().map(models::is_present).collect();
    let estimate = Estimate::of(plan, &present);
    show::data(&show::plan_text(plan, &present, &estimate));
    Ok(())
}

/// The command as it could be typed anywhere: where the program lies says nothing.
fn command_line() -> Vec<String> {
    let words = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    ["bench".to_owned()].into_iter().chain(words).collect()
}

/// `results/20261121-091500-local` or `…-s24-and-1-more`, with a number behind it
/// when that is taken.
fn default_folder(created: SystemTime, devices: &[Box<dyn Device>]) -> PathBuf {
    let stamp = humantime::format_rfc3339_seconds(created).to_string();
    let stamp: String = stamp.chars().filter(char::is_ascii_digit).collect();
    let (day, time) = stamp.split_at(8.min(stamp.len()));
    let first = devices.first().map(|device| file_name(device.name())).unwrap_or_default();
    let more = if devices.len() > 1 { format!("-and-{}-more", devices.len() - 1) } else { String::new() };
    let base = format!("{day}-{time}-{first}{more}");
    let candidates = (1..).map(|n| if n == 1 { base.clone() } else { format!("{base}-{n}") });
    let mut folders = candidates.map(|name| Path::new("results").join(name));
    folders.find(|folder| !folder.exists()).unwrap_or_default()
}
