//! `bench sweep`: plan, measure, record, show.

use super::{Outcome, plan_sweep::plan};
use crate::{
    analysis::{Status, SummaryRow},
    cli::{OutputFormat, SweepArgs},
    device::{self, Claim, Device},
    error::{Error, Result},
    interrupt::Interrupt,
    models,
    plan::{Cell, Estimate, Plan},
    session::{Ending, Session},
    show::{self, Progress},
    store::{DeviceRecord, FORMAT, HostFacts, Manifest, Store, SweepEvent, ToolFacts},
};
use slm_protocol::Failure;
use std::{
    env,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Runs the command.
pub(super) fn run(args: &SweepArgs) -> Result<Outcome> {
    let interrupt = Interrupt::listen()?;
    let (device, _claim, mut store, manifest, resumed) = match &args.resume {
        Some(folder) => {
            let (store, manifest) = Store::resume(folder)?;
            let device = device::open(first_device(&manifest.plan)?, args.adb.server())?;
            let claim = device.claim(&manifest.run_id())?;
            device.hello()?;
            (device, claim, store, manifest, true)
        }
        None => match prepare(args)? {
            Prepared::Shown => return Ok(Outcome::Done),
            Prepared::Ready(device, claim, store, manifest) => (device, claim, *store, *manifest, false),
        },
    };
    let ending = measure(device.as_ref(), &manifest, &mut store, &interrupt, resumed)?;
    finish(args, &manifest.plan, &store, ending)
}

enum Prepared {
    /// `--dry-run`.
    Shown,
    /// All is checked, nothing is measured yet.
    Ready(Box<dyn Device>, Claim, Box<Store>, Box<Manifest>),
}

/// Everything that can be wrong is found here, before anything is measured.
fn prepare(args: &SweepArgs) -> Result<Prepared> {
    let device = device::open(args.device.as_deref().unwrap_or_default(), args.adb.server())?;
    let agent = device.hello()?;
    let plan = plan(args, device.name(), &agent)?;
    if args.dry_run {
        print_plan(args, &plan)?;
        return Ok(Prepared::Shown);
    }
    // Before the folder is made: a sweep that is refused leaves none behind.
    let created = SystemTime::now();
    let plan_sha256 = plan.hash()?;
    let id = Manifest::new_id(&plan_sha256);
    let claim = device.claim(&id)?;
    let manifest = Manifest {
        format: FORMAT,
        id,
        tool: ToolFacts::this(),
        command: command_line(),
        created_at: humantime::format_rfc3339_seconds(created).to_string(),
        host: HostFacts::gather(),
        devices: vec![DeviceRecord { name: device.name().to_owned(), agent }],
        plan_sha256,
        plan,
    };
    let folder = args.out.clone().unwrap_or_else(|| default_folder(created, device.name()));
    let store = Store::create(&folder, &manifest)?;
    Ok(Prepared::Ready(device, claim, Box::new(store), Box::new(manifest)))
}

/// Measures what is left, model by model.
fn measure(
    device: &dyn Device,
    manifest: &Manifest,
    store: &mut Store,
    interrupt: &Interrupt,
    resumed: bool,
) -> Result<Ending> {
    let (plan, sweep) = (&manifest.plan, manifest.run_id());
    let recorded = store.recorded(device.name()).cloned();
    let mut progress = Progress::new(plan, store.tables());
    let mut emit = |event: SweepEvent| {
        store.record(&event)?;
        progress.show(plan, store.tables(), &event);
        Ok(store.tables().remaining(device.name()))
    };
    let remaining = emit(SweepEvent::RunStarted { command: command_line(), resumed })?;
    let mut ending = Ending::Complete;
    for model in 0..plan.input.models.len() {
        let pending: Vec<usize> =
            remaining.iter().copied().filter(|&trial| plan.trials[trial].model == model).collect();
        if pending.is_empty() {
            continue;
        }
        ending = match device.place_model(&plan.input.models[model]) {
            Ok(model_path) => {
                let recorded = recorded.as_ref();
                let session = Session { device, plan, sweep: &sweep, model, recorded, model_path, interrupt };
                session.run(pending, &mut |event| emit(event).map(drop))?
            }
            Err(error) => lose_model(device, plan, &pending, &error, &mut |event| emit(event).map(drop))?,
        };
        // Trials of later models stay without a row: a resumed sweep measures them.
        if ending != Ending::Complete {
            break;
        }
    }
    emit(SweepEvent::RunEnded { interrupted: ending == Ending::Interrupted })?;
    progress.clear();
    Ok(ending)
}

/// A model whose file cannot be made or brought to the device: a row for each trial.
fn lose_model(
    device: &dyn Device,
    plan: &Plan,
    pending: &[usize],
    error: &models::PlaceError,
    emit: &mut dyn FnMut(SweepEvent) -> Result<()>,
) -> Result<Ending> {
    for &trial in pending {
        emit(SweepEvent::TrialLost {
            device: device.name().to_owned(),
            trial_id: plan.trials[trial].id.clone(),
            status: Status::Failed,
            failure: error.failure,
            evidence: error.message.clone(),
        })?;
    }
    Ok(if error.failure == Failure::DeviceLost { Ending::DeviceLost } else { Ending::Complete })
}

/// Prints the tables and where the files are.
fn finish(args: &SweepArgs, plan: &Plan, store: &Store, ending: Ending) -> Result<Outcome> {
    let summary: Vec<(Cell, &SummaryRow)> = store.tables().summary().collect();
    match args.output.output {
        OutputFormat::Text => {
            let mut text = show::sweep_table(plan, &summary, &crate::baseline::slimlm_s24());
            let failures = show::failures(store.tables().rows());
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
    let folder = store.folder().display();
    show::note(&format!(
        "\nResults: {folder}/ (trials.csv, tokens.csv, summary.csv, telemetry.csv, events.jsonl)"
    ));
    if ending == Ending::Interrupted {
        show::note(&format!("Interrupted; go on with: bench sweep --resume {folder}"));
        return Ok(Outcome::Interrupted);
    }
    if ending == Ending::DeviceLost {
        show::note(&format!(
            "The device was lost; when it is back, go on with: bench sweep --resume {folder}"
        ));
        return Ok(Outcome::DeviceLost);
    }
    let failed = store.tables().rows().any(|row| row.status != Status::Completed);
    Ok(if failed { Outcome::SomeFailed } else { Outcome::Done })
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

fn first_device(plan: &Plan) -> Result<&str> {
    let name = plan.input.devices.first().map(String::as_str);
    name.ok_or_else(|| Error::input("the plan names no device", "start a new sweep"))
}

/// The command as it could be typed anywhere: where the program lies says nothing.
fn command_line() -> Vec<String> {
    let words = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    ["bench".to_owned()].into_iter().chain(words).collect()
}

/// `results/20261121-091500-local`, with a number behind it when that is taken.
fn default_folder(created: SystemTime, device: &str) -> PathBuf {
    let stamp = humantime::format_rfc3339_seconds(created).to_string();
    let stamp: String = stamp.chars().filter(char::is_ascii_digit).collect();
    let (day, time) = stamp.split_at(8.min(stamp.len()));
    // A phone's address has characters that a folder's name should not.
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') { c } else { '_' };
    let device: String = device.chars().take(60).map(safe).collect();
    let base = format!("{day}-{time}-{device}");
    let candidates = (1..).map(|n| if n == 1 { base.clone() } else { format!("{base}-{n}") });
    let mut folders = candidates.map(|name| Path::new("results").join(name));
    folders.find(|folder| !folder.exists()).unwrap_or_default()
}
