//! A new sweep, up to its first trial. All that can refuse it comes before anything is
//! downloaded or written.

use super::{condition, ready::Ready, study::Study};
use crate::{
    args::{DeviceList, OutputFormat, SweepArgs},
    show::{self, ModelWork, note},
    tool,
};
use slm_device::{self as device, Device, OpenOptions, profile::Profiles};
use slm_plan::{
    Compute, Design, DeviceFacts, Estimate, Plan, check_engines,
    error::{Error, Result},
    interrupt::Interrupt,
    request::SweepRequest,
    text::{clean, file_name},
};
use slm_protocol::EngineKind;
use slm_provision::{Machine, Resolution, Work, is_present};
use slm_results::manifest::{DeviceRecord, FORMAT, HostFacts, Manifest};
use slm_sweep::{fleet::Member, session, store::Store};
use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Load of other processes that is worth a word, in cores.
const BUSY_CORES: f64 = 0.3;

/// Everything that can be wrong is found here, before anything is measured. Nothing
/// is left to be done after a `--dry-run`.
pub(super) fn prepare(args: &SweepArgs, study: &Study, interrupt: &Interrupt) -> Result<Option<Ready>> {
    session::load_patience()?;
    let engines: Vec<EngineKind> =
        study.requests().iter().flat_map(|request| request.engines.clone()).collect();
    let profiles = Profiles::load(&args.phone.profile)?;
    let names = match &args.device {
        Some(DeviceList::Named(names)) => names.clone(),
        Some(DeviceList::All) => device::ready_names(args.adb.server())?,
        None => Vec::new(),
    };
    let options = OpenOptions {
        adb_server: args.adb.server(),
        profiles: &profiles,
        engines: &engines,
        notify: show::notices(),
        interrupt: interrupt.clone(),
    };
    let devices = names.iter().map(|name| device::open(name, &options)).collect::<Result<Vec<_>>>()?;
    check_distinct(&devices)?;
    let facts = devices.iter().map(|device| ask(device.as_ref())).collect::<Result<Vec<DeviceFacts>>>()?;
    let machines: Vec<Machine> = facts
        .iter()
        .map(|device| Machine { device: device.name.clone(), target: device.agent.target.clone() })
        .collect();
    let mut resolutions = Vec::new();
    for request in study.requests() {
        check_engines(request, &facts)?;
        resolutions.push((request, slm_provision::resolve(request, &machines)?));
    }
    for remark in resolutions.iter().flat_map(|(_, resolution)| &resolution.remarks) {
        note(&format!("bench: {remark}"));
    }
    let preview = resolutions.iter().map(|(request, resolution)| resolution.preview(request));
    let draft = study.plan(preview.collect(), &facts)?;
    if args.dry_run {
        print_plan(args, &draft)?;
        return Ok(None);
    }
    let created = SystemTime::now();
    let folder = args.out.clone().unwrap_or_else(|| default_folder(created, &devices));
    Store::check_is_free(&folder)?;
    let id = Manifest::new_id(&draft.hash()?);
    if !resolutions.iter().all(|(_, resolution)| resolution.is_complete()) {
        // Devices are held only while they are looked at: what comes next may take hours, over
        // which a claim without an agent would count as left behind.
        for device in &devices {
            let _claim = device.claim(&id)?;
            condition::check(&args.phone, &draft, device.as_ref())?;
        }
    }
    let compute = study.compute(&facts)?;
    let work = ModelWork::default();
    let provide = |(request, resolution): (&SweepRequest, Resolution)| {
        resolution.provide(request, Work { interrupt, tell: &|event| work.show(event) })
    };
    let models = resolutions.into_iter().map(provide).collect::<Result<Vec<_>>>()?;
    drop(work);
    let plan = study.plan(models, &facts)?;
    // Only now, or the state would be one of long before the first trial.
    let claims = devices.iter().map(|device| device.claim(&id)).collect::<Result<Vec<_>>>()?;
    let conditions = devices
        .iter()
        .map(|device| condition::prepare(&args.phone, &plan, device.as_ref(), None))
        .collect::<Result<Vec<_>>>()?;
    let remarks: Vec<String> = facts.iter().filter_map(|device| busy(&plan, device)).collect();
    let records = facts.into_iter().zip(&compute).zip(conditions).map(|((device, compute), condition)| {
        let Compute { threads, affinity } = compute.clone();
        DeviceRecord { name: device.name, agent: device.agent, threads, affinity, condition }
    });
    let manifest = Manifest {
        format: FORMAT,
        id: id.clone(),
        tool: tool::facts(),
        command: tool::command_line(),
        created_at: humantime::format_rfc3339_seconds(created).to_string(),
        host: HostFacts::gather(),
        devices: records.collect(),
        plan_sha256: plan.hash()?,
        plan: plan.clone(),
    };
    let store = Store::create(&folder, &manifest)?;
    for remark in remarks {
        note(&remark);
    }
    let member = |(device, Compute { threads, affinity })| Member { device, threads, affinity };
    let members = devices.into_iter().zip(compute).map(member).collect();
    let (absent, prepared) = (Vec::new(), Vec::new());
    Ok(Some(Ready { store, id, plan, members, absent, prepared, _claims: claims }))
}

/// What to say of a device that other processes keep busy: its threads are not chosen by that.
fn busy(plan: &Plan, device: &DeviceFacts) -> Option<String> {
    let machine = &device.agent.machine;
    let threads = match plan.input.options.threads {
        // Each setting has its own.
        _ if plan.input.design == Design::Ab => String::new(),
        Some(1) => "; 1 thread is used all the same".to_owned(),
        Some(threads) => format!("; {threads} threads are used all the same"),
        None => String::new(),
    };
    (machine.busy_cores >= BUSY_CORES).then(|| {
        format!(
            "bench: other processes keep {:.1} of the {} cores of {} busy{threads}",
            machine.busy_cores, machine.physical_cores, device.name
        )
    })
}

/// Refuses a device that goes by two names: its two parts would measure each other.
fn check_distinct(devices: &[Box<dyn Device>]) -> Result<()> {
    for (index, device) in devices.iter().enumerate() {
        if let Some(same) = devices[..index].iter().find(|earlier| earlier.unit() == device.unit()) {
            let [one, other] = [same.name(), device.name()].map(clean);
            let what = if one == other {
                format!("--device names {one} twice")
            } else {
                format!("--device: {one} and {other} are the same phone")
            };
            return Err(Error::input(what, "name it once"));
        }
    }
    Ok(())
}

fn ask(device: &dyn Device) -> Result<DeviceFacts> {
    Ok(DeviceFacts {
        name: device.name().to_owned(),
        agent: device.hello()?,
        capabilities: device.capabilities(),
    })
}

fn print_plan(args: &SweepArgs, plan: &Plan) -> Result<()> {
    if args.output.output == OutputFormat::Json {
        return show::json(plan);
    }
    let present: Vec<bool> = plan.input.models.iter().map(is_present).collect();
    let estimate = Estimate::of(plan, &present);
    show::data(&show::plan_text(plan, &present, &estimate));
    Ok(())
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

/// Why a sweep has no device any more. Where there was one, its own error.
pub(super) fn all_lost(mut lost: Vec<(String, Error)>) -> Error {
    if lost.len() == 1
        && let Some((_, error)) = lost.pop()
    {
        return error;
    }
    let each: Vec<String> = lost.iter().map(|(name, error)| format!("{name}: {error}")).collect();
    Error::Device(format!("all {} devices are lost: {}", lost.len(), each.join("; ")))
}
