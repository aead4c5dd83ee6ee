//! The CSV files, derived from plan and events.

use super::{
    Record, SweepEvent,
    appender::Appender,
    hindsight::{Hindsight, Key},
};
use crate::{Recall, rewarm};
use slm_device::readiness::Setting;
use slm_plan::{
    Cell, Design, Plan, PlannedTrial,
    error::{Error, Result},
};
use slm_protocol::{AgentFacts, Probe, ProbeMoment, Ready, TrialReport};
use slm_results::{
    analysis::{
        Circumstances, Evidence, EvidenceCollector, NoEnergy, failed_row, figure_rows, finished_row,
        probe_rows, probes_apply, summarize, telemetry_row, token_rows, variances,
    },
    condition::Preparation,
    manifest::Manifest,
    schema::{FigureRow, Row, SummaryRow, TelemetryRow, TokenRow, TrialRow, VarianceRow},
    write::replace,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::{Path, PathBuf},
};

/// The tables of a results folder, in memory and on disk.
pub struct Tables {
    plan: Plan,
    position: HashMap<String, usize>,
    cells: BTreeMap<Cell, Vec<usize>>,
    /// The last run of each device.
    runs: HashMap<String, Run>,
    ready: HashMap<(String, usize), Ready>,
    recalls: HashMap<String, Recall>,
    collectors: HashMap<String, EvidenceCollector>,
    /// Completed trials without energy, by device and reason.
    no_energy: BTreeMap<(String, NoEnergy), usize>,
    /// Devices whose clocks the sweep had lowered.
    lowered: HashSet<String>,
    /// The highest rate of multiplication shown by each device, by threads; operations per second.
    peaks: HashMap<(String, u32), f64>,
    hindsight: Hindsight,
    rows: BTreeMap<Key, TrialRow>,
    /// The rows in the order in which trials ended.
    order: Vec<Key>,
    /// How many of them are in the table.
    written: usize,
    summaries: BTreeMap<(String, Cell), SummaryRow>,
    variances: BTreeMap<(String, Cell), Vec<VarianceRow>>,
    /// Cells whose trials have changed since they were summarized.
    stale: BTreeSet<(String, Cell)>,
    trials: Appender,
    figures: Appender,
    tokens: Appender,
    telemetry: Appender,
    folder: PathBuf,
}

/// What is known of an agent's run.
struct Run {
    facts: AgentFacts,
    /// Whether its probes tell what its engine can have done.
    probes_apply: bool,
    /// The probe that waits for the run's first trial.
    start: Option<Probe>,
    /// The last trial with a row.
    last_trial: Option<String>,
}

/// Whether the device was told to hold its clocks below their maximum, for steadiness.
fn has_lowered_clocks(condition: &Preparation) -> bool {
    condition.changed.iter().filter_map(|name| name.parse().ok()).any(Setting::lowers_clocks)
}

impl Tables {
    /// Writes all tables anew from the recorded events and keeps them open.
    pub(super) fn create(folder: &Path, manifest: &Manifest, records: &[Record]) -> Result<Self> {
        let plan = manifest.plan.clone();
        let mut cells: BTreeMap<Cell, Vec<usize>> = BTreeMap::new();
        for (index, trial) in plan.trials.iter().enumerate().filter(|(_, trial)| !trial.warmup) {
            cells.entry(plan.cell(trial)).or_default().push(index);
        }
        let position =
            plan.trials.iter().enumerate().map(|(index, trial)| (trial.id.clone(), index)).collect();
        // Cells without a trial have their rows too.
        let mut stale = BTreeSet::new();
        for device in &plan.input.devices {
            stale.extend(plan.cells().into_iter().map(|cell| (device.clone(), cell)));
        }
        let mut tables = Self {
            position,
            cells,
            runs: HashMap::new(),
            ready: HashMap::new(),
            recalls: HashMap::new(),
            collectors: HashMap::new(),
            no_energy: BTreeMap::new(),
            lowered: HashSet::new(),
            peaks: HashMap::new(),
            hindsight: Hindsight::default(),
            rows: BTreeMap::new(),
            order: Vec::new(),
            written: 0,
            summaries: BTreeMap::new(),
            variances: BTreeMap::new(),
            stale,
            trials: Appender::create(folder, &TrialRow::TABLE)?,
            figures: Appender::create(folder, &FigureRow::TABLE)?,
            tokens: Appender::create(folder, &TokenRow::TABLE)?,
            telemetry: Appender::create(folder, &TelemetryRow::TABLE)?,
            folder: folder.to_owned(),
            plan,
        };
        for record in &manifest.devices {
            if let Some(condition) = &record.condition {
                tables.prepared(&record.name, condition);
            }
        }
        // A row that held until now would only be in the way of the one that is measured.
        for record in records.iter().filter(|record| !record.event.is_provisional()) {
            tables.take(&record.event)?;
        }
        tables.look_back();
        tables.write()?;
        tables.publish()?;
        Ok(tables)
    }

    /// Brings the tables up to date with one more event.
    pub(super) fn apply(&mut self, event: &SweepEvent) -> Result<()> {
        self.take(event)?;
        if matches!(event, SweepEvent::Ended { .. }) && self.look_back() {
            self.trials = Appender::create(&self.folder, &TrialRow::TABLE)?;
            self.written = 0;
            self.write()?;
            return self.trials.publish();
        }
        self.write()
    }

    /// Rows of all finished trials of a device, in the planned order.
    pub fn rows(&self) -> impl Iterator<Item = &TrialRow> {
        self.rows.values()
    }

    /// The row of a trial on a device.
    pub fn row(&self, device: &str, trial: usize) -> Option<&TrialRow> {
        self.rows.get(&(device.to_owned(), trial))
    }

    /// Whether a trial has its row.
    pub fn is_done(&self, device: &str, trial: usize) -> bool {
        self.rows.contains_key(&(device.to_owned(), trial))
    }

    /// Trials of a device that have no row yet, in the planned order.
    pub fn remaining(&self, device: &str) -> Vec<usize> {
        (0..self.plan.trials.len()).filter(|&trial| !self.is_done(device, trial)).collect()
    }

    /// The summary, device by device, in the order of models and contexts.
    pub fn summary(&self) -> impl Iterator<Item = (Cell, &SummaryRow)> {
        self.summaries.iter().map(|((_, cell), row)| (*cell, row))
    }

    /// What the cells' figures vary with.
    pub fn variances(&self) -> impl Iterator<Item = &VarianceRow> {
        self.variances.values().flatten()
    }

    /// What the agents of a device found out so far.
    pub fn recall(&self, device: &str) -> Recall {
        self.recalls.get(device).cloned().unwrap_or_default()
    }

    /// Why trials have no energy: device, reason, number of trials.
    pub fn no_energy(&self) -> impl Iterator<Item = (&str, NoEnergy, usize)> {
        self.no_energy.iter().map(|((device, why), count)| (device.as_str(), *why, *count))
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Takes an event in.
    fn take(&mut self, event: &SweepEvent) -> Result<()> {
        match event {
            SweepEvent::DevicePrepared { device, condition } => self.prepared(device, condition),
            SweepEvent::AgentStarted { device, facts, .. } => self.started(device, facts),
            SweepEvent::ModelReady { device, model, ready } => self.loaded(device, *model, ready),
            SweepEvent::Probed { device, probe, .. } => self.probed(device, probe)?,
            SweepEvent::CoolDown { device, report } => {
                self.collectors.entry(device.clone()).or_default().cool_down(report);
            }
            SweepEvent::Telemetry { device, sample } => {
                self.collectors.entry(device.clone()).or_default().sample(sample);
                // A re-warm-up is no trial: its readings stay in the events.
                if sample.trial_id.as_ref().is_none_or(|id| self.position.contains_key(id)) {
                    self.telemetry.push(&telemetry_row(device, sample))?;
                }
            }
            SweepEvent::TrialFinished { device, report } => self.finished(device, report)?,
            SweepEvent::TrialLost { device, trial_id, status, failure, evidence } => {
                let made = |plan: &Plan, trial: &PlannedTrial, circumstances: Circumstances<'_>| {
                    failed_row(plan, trial, circumstances, *status, *failure, evidence)
                };
                let evidence = self.evidence(device, trial_id);
                self.add(device, trial_id, &evidence, made);
            }
            SweepEvent::Started { .. }
            | SweepEvent::DeviceLost { .. }
            | SweepEvent::DeviceLeft { .. }
            | SweepEvent::Ended { .. }
            | SweepEvent::TrialStarted { .. }
            | SweepEvent::Progress { .. } => {}
        }
        Ok(())
    }

    /// Takes how a device was prepared: for the first run, or again for a resumed one.
    fn prepared(&mut self, device: &str, condition: &Preparation) {
        if has_lowered_clocks(condition) {
            self.lowered.insert(device.to_owned());
        } else {
            self.lowered.remove(device);
        }
    }

    /// Takes the begin of a run. What was left of the one before belongs to that.
    fn started(&mut self, device: &str, facts: &AgentFacts) {
        let recall = self.recalls.entry(device.to_owned()).or_default();
        recall.start_c = recall.start_c.or(facts.machine.temperature_c);
        let collector = self.collectors.entry(device.to_owned()).or_default();
        collector.restart();
        collector.clusters(&facts.machine.clusters, self.lowered.contains(device));
        self.hindsight.run(device);
        let run = Run { facts: facts.clone(), probes_apply: false, start: None, last_trial: None };
        self.runs.insert(device.to_owned(), run);
    }

    fn loaded(&mut self, device: &str, model: usize, ready: &Ready) {
        let recall = self.recalls.entry(device.to_owned()).or_default();
        recall.threads.entry(model).or_insert(ready.options.threads);
        if let (Some(run), Some(planned)) = (self.runs.get_mut(device), self.plan.input.models.get(model)) {
            run.probes_apply = probes_apply(planned, &run.facts.machine, &ready.options);
        }
        self.ready.insert((device.to_owned(), model), ready.clone());
    }

    /// Takes a probe: its figures stand with the trial next to it in its run.
    fn probed(&mut self, device: &str, probe: &Probe) -> Result<()> {
        let Some(run) = self.runs.get_mut(device) else { return Ok(()) };
        if run.probes_apply {
            self.hindsight.probe(device, probe);
            if let Some(peak) = probe.peak_ops_per_s {
                let known = self.peaks.entry((device.to_owned(), probe.threads)).or_default();
                *known = known.max(peak);
            }
        }
        match (probe.moment, &run.last_trial) {
            (ProbeMoment::Start, _) => run.start = Some(probe.clone()),
            (ProbeMoment::End, None) => {}
            (ProbeMoment::End, Some(trial_id)) => {
                for row in probe_rows(device, trial_id, probe) {
                    self.figures.push(&row)?;
                }
            }
        }
        Ok(())
    }

    /// Takes a trial that was reported.
    fn finished(&mut self, device: &str, report: &TrialReport) -> Result<()> {
        let trial_id = &report.trial_id;
        // A re-warm-up's clocks count too: they are what later trials are held against.
        let evidence = self.evidence(device, trial_id);
        let made = |plan: &Plan, trial: &PlannedTrial, circumstances: Circumstances<'_>| {
            finished_row(plan, trial, circumstances, report)
        };
        let Some(key) = self.add(device, trial_id, &evidence, made) else { return Ok(()) };
        if let Some(row) = self.rows.get(&key) {
            self.hindsight.trial(&key, report, row);
        }
        if let Err(why) = evidence.energy_j {
            *self.no_energy.entry((device.to_owned(), why)).or_default() += 1;
        }
        if let Some(run) = self.runs.get_mut(device) {
            run.last_trial = Some(trial_id.clone());
            if let Some(probe) = run.start.take() {
                for row in probe_rows(device, trial_id, &probe) {
                    self.figures.push(&row)?;
                }
            }
        }
        for row in figure_rows(device, report) {
            self.figures.push(&row)?;
        }
        for row in token_rows(device, report) {
            self.tokens.push(&row)?;
        }
        Ok(())
    }

    /// Judges all trials again by what the sweep shows as a whole. True when a verdict changed: then the
    /// table of trials is to be written anew.
    fn look_back(&mut self) -> bool {
        let changed = self.hindsight.judge(&self.plan, &mut self.rows);
        for (device, index) in &changed {
            let trial = &self.plan.trials[*index];
            if !trial.warmup {
                self.stale.insert((device.clone(), self.plan.cell(trial)));
            }
        }
        !changed.is_empty()
    }

    /// What the sensors said of a trial that is over.
    fn evidence(&mut self, device: &str, trial_id: &str) -> Evidence {
        let id = rewarm::source(trial_id).unwrap_or(trial_id);
        let model = self.position.get(id).map(|&index| self.plan.trials[index].model);
        let ready = model.and_then(|model| self.ready.get(&(device.to_owned(), model)));
        let collector = self.collectors.entry(device.to_owned()).or_default();
        collector.finish(trial_id, ready.map(|ready| &ready.options))
    }

    /// Adds a trial's row, unless it is not of the plan (a re-warm-up after a
    /// restart) or has one already.
    fn add(
        &mut self,
        device: &str,
        trial_id: &str,
        evidence: &Evidence,
        made: impl Fn(&Plan, &PlannedTrial, Circumstances<'_>) -> TrialRow,
    ) -> Option<Key> {
        let index = *self.position.get(trial_id)?;
        let key = (device.to_owned(), index);
        if self.rows.contains_key(&key) {
            return None;
        }
        let trial = &self.plan.trials[index];
        let ready = self.ready.get(&(device.to_owned(), trial.model));
        let threads = ready.map(|ready| ready.options.threads);
        let circumstances = Circumstances {
            device,
            machine: self.runs.get(device).map(|run| &run.facts.machine),
            ready,
            peak_ops_per_s: threads.and_then(|n| self.peaks.get(&(device.to_owned(), n)).copied()),
            evidence,
        };
        let row = made(&self.plan, trial, circumstances);
        if !trial.warmup {
            self.stale.insert((device.to_owned(), self.plan.cell(trial)));
        }
        self.order.push(key.clone());
        self.rows.insert(key.clone(), row);
        Some(key)
    }

    fn summarize_cell(&mut self, device: &str, cell: Cell) {
        let trials = self.cells.get(&cell).map(Vec::as_slice).unwrap_or_default();
        let key = |&index: &usize| (device.to_owned(), index);
        let rows: Vec<&TrialRow> = trials.iter().filter_map(|index| self.rows.get(&key(index))).collect();
        // Of two settings, as much is measured as is needed.
        let planned = if self.plan.input.design == Design::Ab { rows.len() } else { trials.len() };
        let planned = u32::try_from(planned).unwrap_or(u32::MAX);
        let row = summarize(&self.plan, device, cell, planned, &rows);
        self.variances.insert((device.to_owned(), cell), variances(&row, &rows));
        self.summaries.insert((device.to_owned(), cell), row);
    }

    /// Writes what is new.
    fn write(&mut self) -> Result<()> {
        for key in &self.order[self.written..] {
            if let Some(row) = self.rows.get(key) {
                self.trials.push(row)?;
            }
        }
        self.written = self.order.len();
        for table in [&mut self.trials, &mut self.figures, &mut self.tokens, &mut self.telemetry] {
            table.flush()?;
        }
        let stale = std::mem::take(&mut self.stale);
        if stale.is_empty() {
            return Ok(());
        }
        for (device, cell) in stale {
            self.summarize_cell(&device, cell);
        }
        self.write_summary()
    }

    /// Puts the rebuilt tables in the place of the old ones.
    fn publish(&mut self) -> Result<()> {
        for table in [&mut self.trials, &mut self.figures, &mut self.tokens, &mut self.telemetry] {
            table.publish()?;
        }
        Ok(())
    }

    fn write_summary(&self) -> Result<()> {
        self.write_anew(self.summaries.values())?;
        self.write_anew(self.variances.values().flatten())
    }

    fn write_anew<'r, T: Row + 'r>(&self, rows: impl Iterator<Item = &'r T>) -> Result<()> {
        let path = self.folder.join(T::TABLE.file_name());
        let mut writer =
            csv::WriterBuilder::new().has_headers(false).from_writer(T::TABLE.header().into_bytes());
        let failed = |error: &dyn std::fmt::Display| Error::Internal(format!("{}: {error}", path.display()));
        for row in rows {
            writer.serialize(row).map_err(|error| failed(&error))?;
        }
        let bytes = writer.into_inner().map_err(|error| failed(&error))?;
        replace(&path, &bytes).map_err(|error| Error::writing(&path, &error))
    }
}
