//! Reading one side from a results folder, a summary CSV, or llama-bench's output.

use super::{Side, llama_bench, settings::Setting};
use slm_plan::{
    digest::sha256_hex,
    error::{Error, Result},
};
use slm_results::{
    manifest::{Manifest, PlanWithoutTrials},
    read::{Context, Key, Source, Summary, rows},
    schema::TrialRow,
};
use std::{collections::BTreeSet, path::Path};

impl Side {
    /// Reads a results folder, a summary CSV, or what llama-bench wrote as JSON or CSV.
    ///
    /// # Errors
    /// [`Error::Input`] that names file, line and column.
    pub fn read(path: &Path) -> Result<Self> {
        Self::read_of(path, None)
    }

    /// The same, of one backend only where one is named.
    ///
    /// # Errors
    /// As [`Self::read`], and when it has no cell of that backend.
    pub fn read_of(path: &Path, backend: Option<&str>) -> Result<Self> {
        let is_wanted = |other: &str| backend.is_none_or(|backend| backend == other);
        let mut side = if path.is_file() && llama_bench::is_llama_bench(path)? {
            llama_bench::read(path)?
        } else {
            let Summary { source, cells } = Summary::read(path)?;
            let mut side = Self { name: path.display().to_string(), cells, ..Self::default() };
            if let Source { manifest: Some(manifest), .. } = &source {
                side.take_manifest(manifest, &is_wanted)?;
            }
            if let Some(file) = &source.trials_csv {
                side.take_trials(file, &is_wanted)?;
            }
            side
        };
        let Some(backend) = backend else { return Ok(side) };
        let there: BTreeSet<String> = side.cells.iter().map(|cell| cell.key.backend.clone()).collect();
        side.cells.retain(|cell| is_wanted(&cell.key.backend));
        if side.cells.is_empty() {
            let what = format!("--backends names {backend}, but {} has no figures of it", side.name);
            let there: Vec<String> = there.into_iter().collect();
            return Err(Error::input(what, format!("it has {}", there.join(", "))));
        }
        side.name = format!("{} ({backend})", side.name);
        Ok(side)
    }

    fn take_manifest(
        &mut self,
        manifest: &Manifest<PlanWithoutTrials>,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Result<()> {
        for prompt in &manifest.plan.input.prompts {
            let content = serde_json::to_vec(&prompt.content)
                .map_err(|error| Error::Internal(format!("prompt: {error}")))?;
            self.prompts.insert(prompt.id.clone(), sha256_hex(&content));
        }
        self.settings = Setting::of_plan(&manifest.plan.input);
        let mut used = manifest.plan.input.engines();
        used.retain(|engine| is_wanted(engine.into_str()));
        let engines = manifest.devices.iter().flat_map(|device| &device.agent.engines);
        let engines = engines.filter(|engine| used.contains(&engine.engine));
        let versions: BTreeSet<&str> = engines.map(|engine| engine.version.as_str()).collect();
        let versions: Vec<&str> = versions.into_iter().collect();
        self.made_by.insert("format versions", manifest.format.to_string());
        self.made_by.insert("versions of the engine", versions.join(", "));
        Ok(())
    }

    /// Only valid trials count: the summary has no figures of others either.
    fn take_trials(&mut self, file: &Path, is_wanted: &dyn Fn(&str) -> bool) -> Result<()> {
        for trial in rows::<TrialRow>(file)? {
            let trial = trial?;
            if let Ok(context) = trial.context()
                && trial.is_valid()
                && is_wanted(&trial.backend)
            {
                self.trials.entry(key(&trial, context)).or_default().add(&trial);
            }
        }
        Ok(())
    }
}

fn key(trial: &TrialRow, context: Context) -> Key {
    Key {
        device: trial.device.clone(),
        backend: trial.backend.clone(),
        model: trial.model.clone(),
        weights: trial.weights.clone(),
        quant: trial.quant.clone(),
        variant: trial.variant.clone(),
        context,
    }
}
