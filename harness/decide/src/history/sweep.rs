//! Sweeps in the order of time.

use super::{
    Conditions, Skipped,
    conditions::{Settings, conditions},
    find::results_folders,
};
use slm_plan::error::{Error, Result};
use slm_results::{
    manifest::{Manifest, PlanWithoutTrials},
    read::{Cell, Key, Summary, folder_name, rows},
    schema::{TrialRow, UtcTime},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// A sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// Its results folder.
    pub folder: PathBuf,
    /// The folder's name; its path where several have that name.
    pub name: String,
    /// When it was planned.
    pub at: UtcTime,
    /// Its cells.
    pub cells: Vec<Cell>,
    manifest: Box<Manifest<PlanWithoutTrials>>,
    settings: Settings,
    /// Threads that models really had, where each was calibrated: by device, engine, model, quantization.
    calibrated: BTreeMap<[String; 4], u32>,
}

/// Sweeps in the order of time, and folders that are none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sweeps {
    /// By time.
    pub sweeps: Vec<Sweep>,
    /// Folders that could not be read.
    pub skipped: Vec<Skipped>,
}

impl Sweeps {
    /// Reads every results folder in or below the given ones. A sweep that lies in two places
    /// counts once.
    ///
    /// # Errors
    /// [`Error::Input`] when a given folder is not there, or none holds a sweep that can be read.
    pub fn read(folders: &[PathBuf]) -> Result<Self> {
        let mut found = Self::default();
        let mut seen = BTreeSet::new();
        for given in folders {
            for folder in results_folders(given, &mut found.skipped)? {
                match Sweep::read(&folder) {
                    Ok(sweep) => {
                        if seen.insert((sweep.manifest.id.clone(), sweep.at)) {
                            found.sweeps.push(sweep);
                        }
                    }
                    Err(error) => found.skipped.push(Skipped { folder, why: error.to_string() }),
                }
            }
        }
        found.sweeps.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
        found.tell_names_apart();
        if found.sweeps.is_empty() {
            let names: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
            let what = match found.skipped.first() {
                Some(skipped) => format!("no sweep can be read below {} ({})", names.join(", "), skipped.why),
                None => format!("no sweep lies in or below {}", names.join(", ")),
            };
            return Err(Error::input(
                what,
                "give folders that `bench sweep` wrote, or a parent of such folders",
            ));
        }
        Ok(found)
    }
}

impl Sweeps {
    /// Sweeps of one name are called by their paths.
    fn tell_names_apart(&mut self) {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for sweep in &self.sweeps {
            *counts.entry(sweep.name.clone()).or_default() += 1;
        }
        for sweep in self.sweeps.iter_mut().filter(|sweep| counts[&sweep.name] > 1) {
            sweep.name = sweep.folder.display().to_string();
        }
    }
}

impl Sweep {
    /// Reads a results folder.
    ///
    /// # Errors
    /// [`Error::Input`] that names the file and what is wrong.
    pub fn read(folder: &Path) -> Result<Self> {
        let Summary { source, cells } = Summary::read(folder)?;
        let manifest = source.manifest.ok_or_else(|| {
            Error::input(
                format!("{} does not tell when it was measured", folder.display()),
                "give a folder that `bench sweep` wrote",
            )
        })?;
        let at = manifest.created_at.parse().map_err(|_| {
            let what = format!(
                "{} is damaged: created_at is no time after 1970 in UTC",
                folder.join("manifest.json").display()
            );
            Error::input(what, "restore it")
        })?;
        let calibrated = match source.trials_csv {
            Some(trials) if cells.iter().any(|cell| planned_threads(&manifest, &cell.key).is_none()) => {
                calibrated(&trials)?
            }
            _ => BTreeMap::new(),
        };
        let settings = Settings::of(&manifest);
        let (folder, name) = (folder.to_owned(), folder_name(folder));
        Ok(Self { folder, name, at, cells, manifest, settings, calibrated })
    }

    /// Compute threads of a cell.
    pub fn threads(&self, key: &Key) -> Option<u32> {
        let own = [&key.device, &key.backend, &key.model, &key.quant].map(Clone::clone);
        planned_threads(&self.manifest, key).or_else(|| self.calibrated.get(&own).copied())
    }

    /// How a cell was measured.
    pub fn conditions(&self, key: &Key) -> Conditions {
        conditions(&self.manifest, &self.settings, key)
    }
}

/// Threads that the plan, or the sweep for this device, fixed.
fn planned_threads(manifest: &Manifest<PlanWithoutTrials>, key: &Key) -> Option<u32> {
    let record = manifest.devices.iter().find(|record| record.name == key.device);
    record.and_then(|record| record.threads).or(manifest.plan.input.options.threads)
}

/// The commonest number of threads of each model's trials.
fn calibrated(trials: &Path) -> Result<BTreeMap<[String; 4], u32>> {
    let mut counts: BTreeMap<[String; 4], BTreeMap<u32, usize>> = BTreeMap::new();
    for trial in rows::<TrialRow>(trials)? {
        let trial = trial?;
        if let Some(threads) = trial.threads {
            let own = counts.entry([trial.device, trial.backend, trial.model, trial.quant]).or_default();
            *own.entry(threads).or_default() += 1;
        }
    }
    let commonest = |counts: BTreeMap<u32, usize>| counts.into_iter().max_by_key(|&(_, count)| count);
    Ok(counts.into_iter().filter_map(|(own, counts)| Some((own, commonest(counts)?.0))).collect())
}
