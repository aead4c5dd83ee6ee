//! `bench devices`: what can be measured on, and what sweeps left there.

use super::Outcome;
use crate::{
    args::{DevicesArgs, DevicesCommand, OutputFormat},
    show,
};
use serde::Serialize;
use slm_device::{
    Device, Local,
    adb::Server,
    phone::{self, FoundPhone, SettingsLeft},
    profile::{Identity, Profiles, ReportedCores, describe},
};
use slm_plan::{
    error::Result,
    text::{self, clean},
};

#[derive(Serialize)]
struct LocalRow {
    name: &'static str,
    cpu: String,
    cores: u32,
    memory_bytes: u64,
    flavour: String,
    engines: Vec<String>,
}

/// A phone that an adb server knows.
#[derive(Serialize)]
struct PhoneRow {
    /// What to type after `--device`.
    name: String,
    serial: String,
    /// The profile that fits it, which can be typed as well while it fits no other phone.
    profile: Option<String>,
    state: String,
    model: Option<String>,
    soc: Option<String>,
    used_bytes: Option<u64>,
    free_bytes: Option<u64>,
    /// Why it cannot be used.
    problem: Option<String>,
}

#[derive(Serialize)]
struct Devices {
    local: Option<LocalRow>,
    phones: Vec<PhoneRow>,
}

/// Runs the command.
pub(super) fn run(args: &DevicesArgs) -> Result<Outcome> {
    match &args.command {
        Some(DevicesCommand::Profiles) => super::profiles::run(&args.profile, args.output.output),
        Some(DevicesCommand::Clean { device, forget }) => {
            on_phones(args, device.as_deref(), |name, phone| {
                let (freed, settings) = phone::clean(name, &phone.link, *forget, &show::notices())?;
                Ok(format!("{} freed{}", text::bytes(freed), given_up(&settings)))
            })
        }
        Some(DevicesCommand::Restore { device, forget }) => {
            on_phones(args, device.as_deref(), |name, phone| {
                let settings = phone::restore_settings(name, &phone.link, *forget, &show::notices())?;
                Ok(if settings.restored.is_empty() {
                    if settings.forgotten.is_empty() {
                        "nothing to put back".to_owned()
                    } else {
                        format!("nothing put back{}", given_up(&settings))
                    }
                } else {
                    format!("put back: {}{}", settings.restored.join(", "), given_up(&settings))
                })
            })
        }
        None => list(args),
    }
}

/// What stays as a sweep left it, to be put right by hand.
fn given_up(settings: &SettingsLeft) -> String {
    if settings.forgotten.is_empty() {
        return String::new();
    }
    format!("; given up, and to be set by hand to what it was: {}", settings.forgotten.join(", "))
}

fn list(args: &DevicesArgs) -> Result<Outcome> {
    let server = phone::adb_server(args.adb.server())?;
    let profiles = Profiles::load(&args.profile)?;
    let local = local_row();
    let phones = phone::list(&server);
    if let Err(error) = &local {
        show::note(&format!("bench: {error}"));
    }
    let rows = match &phones {
        Ok(phones) => phones.iter().map(|phone| phone_row(&server, &profiles, args, phone)).collect(),
        Err(error) => {
            show::note(&format!("no phones: {}", clean(&error.to_string())));
            Vec::new()
        }
    };
    let devices = Devices { local: local.ok(), phones: rows };
    match args.output.output {
        OutputFormat::Json => {
            show::json(&devices)?;
        }
        OutputFormat::Text => print(&devices),
    }
    Ok(Outcome::Done)
}

fn local_row() -> Result<LocalRow> {
    let facts = Local::new(show::notices())?.hello()?;
    let engines = facts
        .engines
        .iter()
        .map(|engine| format!("{} {}", engine.engine.into_str(), engine.version))
        .collect();
    Ok(LocalRow {
        name: Local::NAME,
        cpu: facts.machine.cpu,
        cores: facts.machine.physical_cores,
        memory_bytes: facts.machine.memory_total,
        flavour: facts.flavour,
        engines,
    })
}

fn phone_row(server: &Server, profiles: &Profiles, args: &DevicesArgs, found: &FoundPhone) -> PhoneRow {
    let attached = &found.attached;
    let name = match args.adb.server() {
        Some(_) => format!("adb://{}/{}", server.address(), attached.serial),
        None => format!("serial:{}", attached.serial),
    };
    let mut row = PhoneRow {
        name,
        serial: attached.serial.clone(),
        profile: None,
        state: attached.state.clone(),
        model: attached.model.clone(),
        soc: None,
        used_bytes: None,
        free_bytes: None,
        problem: None,
    };
    let asked = Identity::read(found.link.as_ref())
        .and_then(|identity| phone::usage(&found.link).map(|usage| (identity, usage)));
    match asked {
        Ok((identity, usage)) => {
            let profile = profiles.find(&identity);
            row.profile = profile.map(|found| found.phone.name.clone());
            row.soc = describe(profiles, &identity, ReportedCores::default()).soc;
            row.model = identity.model.or(row.model);
            row.used_bytes = Some(usage.used);
            row.free_bytes = usage.free;
        }
        Err(error) => row.problem = Some(error.to_string()),
    }
    row
}

fn print(devices: &Devices) {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    if let Some(local) = &devices.local {
        let header = words(&["device", "cores", "memory", "flavour", "cpu"]);
        let line = vec![
            local.name.to_owned(),
            local.cores.to_string(),
            text::bytes(local.memory_bytes),
            clean(&local.flavour),
            clean(&local.cpu),
        ];
        show::data(&text::columns(&[header, line]));
        show::data(&format!("engines: {}\n", clean(&local.engines.join(", "))));
    }
    if devices.phones.is_empty() {
        return;
    }
    let mut rows = vec![words(&["phone", "profile", "state", "used", "free", "model", "soc"])];
    let size = |bytes: Option<u64>| bytes.map(text::bytes).unwrap_or_default();
    for phone in &devices.phones {
        rows.push(vec![
            clean(&phone.name),
            clean(phone.profile.as_deref().unwrap_or("none")),
            clean(&phone.state),
            size(phone.used_bytes),
            size(phone.free_bytes),
            clean(phone.model.as_deref().unwrap_or_default()),
            clean(phone.soc.as_deref().unwrap_or_default()),
        ]);
    }
    show::data(&format!("\n{}", text::columns(&rows)));
    for problem in devices.phones.iter().filter_map(|phone| phone.problem.as_ref()) {
        show::note(&clean(problem));
    }
}

/// Does something on one phone or all and prints what came of it; a phone where it
/// fails does not stop the others.
fn on_phones(
    args: &DevicesArgs,
    device: Option<&str>,
    act: impl Fn(&str, &FoundPhone) -> Result<String>,
) -> Result<Outcome> {
    let profiles = Profiles::load(&args.profile)?;
    let phones = if let Some(name) = device {
        vec![(name.to_owned(), phone::find(name, args.adb.server(), &profiles)?)]
    } else {
        let server = phone::adb_server(args.adb.server())?;
        let phones = phone::list(&server)?.into_iter().filter(|phone| phone.attached.is_ready());
        phones.map(|phone| (format!("serial:{}", phone.attached.serial), phone)).collect()
    };
    let (mut outcome, mut rows) = (Outcome::Done, Vec::new());
    for (name, phone) in &phones {
        match act(name, phone) {
            Ok(done) if args.output.output == OutputFormat::Text => {
                show::data(&format!("{}: {}\n", clean(name), clean(&done)));
            }
            Ok(done) => rows.push(serde_json::json!({ "name": name, "done": done })),
            Err(error) if phones.len() == 1 => return Err(error),
            Err(error) => {
                crate::complain(&error);
                outcome = Outcome::SomeFailed;
            }
        }
    }
    if phones.is_empty() {
        show::note("no phone is attached");
    }
    if args.output.output == OutputFormat::Json {
        show::data(&format!("{:#}\n", serde_json::Value::from(rows)));
    }
    Ok(outcome)
}
