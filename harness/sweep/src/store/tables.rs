//! The CSV files, derived from plan and events.

use super::{
    Record, SweepEvent,
    hindsight::{Hindsight, Key},
};
use crate::{Recall, rewarm};
use slm_plan::{
    Cell, Design, Plan, PlannedTrial,
    error::{Error, Result},
};
use slm_protocol::{AgentFacts, Probe, ProbeMoment, Ready, TrialReport};
use slm_results::{
    analysis::{
        Circumstances, Evidence, EvidenceCollector, NoEnergy, failed_row, figure_rows, finished_row,
        probe_rows, summarize, telemetry_row, token_rows, variances,
    },
    manifest::{DeviceRecord, Manifest},
    schema::{FigureRow, Row, SummaryRow, Table, TelemetryRow, TokenRow, TrialRow, VarianceRow},
    write::replace,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

/// The tables of a results folder, in memory and on disk.
pub struct Tables {
    plan: Plan,
    position: HashMap<String, usize>,
    cells: BTreeMap<Cell, Vec<usize>>,
    agents: HashMap<String, AgentFacts>,
    ready: HashMap<(String, usize), Ready>,
    recalls: HashMap<String, Recall>,
    collectors: HashMap<String, EvidenceCollector>,
    /// Completed trials without energy, by device and reason.
    no_energy: BTreeMap<(String, NoEnergy), usize>,
    /// Devices whose clocks the sweep had lowered.
    lowered: HashSet<String>,
    /// The highest rate of multiplication shown by each device, by threads; operations per second.
    peaks: HashMap<(String, u32), f64>,
    /// Probes that wait for the first trial of their run, by device.
    unplaced: HashMap<String, Probe>,
    /// The last trial with a row, by device.
    last: HashMap<String, String>,
    hindsight: Hindsight,
    rows: BTreeMap<Key, TrialRow>,
    /// The rows in the order in which trials ended.
    order: Vec<Key>,
    summaries: BTreeMap<(String, Cell), SummaryRow>,
    variances: BTreeMap<(String, Cell), Vec<VarianceRow>>,
    trials: Appender,
    figures: Appender,
    tokens: Appender,
    telemetry: Appender,
    folder: PathBuf,
}

/// The setting with which a device holds its clocks below their maximum, for steadiness.
const LOWERED: &str = "fixed-performance";

impl Tables {
    /// Writes all tables anew from the recorded events and keeps them open.
    pub(super) fn create(folder: &Path, manifest: &Manifest, records: &[Record]) -> Result<Self> {
        let plan = manifest.plan.clone();
        let is_lowered = |record: &&DeviceRecord| {
            let changed = record.condition.iter().flat_map(|condition| &condition.changed);
            changed.into_iter().any(|name| name == LOWERED)
        };
        let lowered = manifest.devices.iter().filter(is_lowered).map(|record| record.name.clone()).collect();
        let mut cells: BTreeMap<Cell, Vec<usize>> = BTreeMap::new();
        for (index, trial) in plan.trials.iter().enumerate().filter(|(_, trial)| !trial.warmup) {
            cells.entry(plan.cell(trial)).or_default().push(index);
        }
        let position =
            plan.trials.iter().enumerate().map(|(index, trial)| (trial.id.clone(), index)).collect();
        let mut tables = Self {
            position,
            cells,
            agents: HashMap::new(),
            ready: HashMap::new(),
            recalls: HashMap::new(),
            collectors: HashMap::new(),
            no_energy: BTreeMap::new(),
            lowered,
            peaks: HashMap::new(),
            unplaced: HashMap::new(),
            last: HashMap::new(),
            hindsight: Hindsight::default(),
            rows: BTreeMap::new(),
            order: Vec::new(),
            summaries: BTreeMap::new(),
            variances: BTreeMap::new(),
            trials: Appender::create(folder, &TrialRow::TABLE)?,
            figures: Appender::create(folder, &FigureRow::TABLE)?,
            tokens: Appender::create(folder, &TokenRow::TABLE)?,
            telemetry: Appender::create(folder, &TelemetryRow::TABLE)?,
            folder: folder.to_owned(),
            plan,
        };
        for device in tables.plan.input.devices.clone() {
            for cell in tables.plan.cells() {
                tables.summarize_cell(&device, cell);
            }
        }
        // A row that held until now would only be in the way of the one that is measured.
        for record in records.iter().filter(|record| !record.event.is_provisional()) {
            tables.take(&record.event)?;
        }
        tables.look_back()?;
        tables.publish()?;
        Ok(tables)
    }

    /// Brings the tables up to date with one more event.
    pub(super) fn apply(&mut self, event: &SweepEvent) -> Result<()> {
        let mut changed = self.take(event)?;
        if matches!(event, SweepEvent::Ended { .. }) && self.look_back()? {
            self.trials.publish()?;
            changed = true;
        }
        self.trials.flush()?;
        self.figures.flush()?;
        self.tokens.flush()?;
        self.telemetry.flush()?;
        if changed { self.write_summary() } else { Ok(()) }
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

    /// Takes an event in; true when the summary changed.
    fn take(&mut self, event: &SweepEvent) -> Result<bool> {
        match event {
            SweepEvent::AgentStarted { device, facts, .. } => {
                let recall = self.recalls.entry(device.clone()).or_default();
                recall.start_c = recall.start_c.or(facts.machine.temperature_c);
                let collector = self.collectors.entry(device.clone()).or_default();
                collector.restart();
                collector.clusters(&facts.machine.clusters, self.lowered.contains(device));
                self.hindsight.run(device);
                self.agents.insert(device.clone(), (**facts).clone());
            }
            SweepEvent::ModelReady { device, model, ready } => {
                let recall = self.recalls.entry(device.clone()).or_default();
                recall.threads.entry(*model).or_insert(ready.options.threads);
                self.ready.insert((device.clone(), *model), (**ready).clone());
            }
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
            SweepEvent::TrialFinished { device, report } => {
                let trial_id = &report.trial_id;
                // A re-warm-up's clocks count too: they are what later trials are held against.
                let evidence = self.evidence(device, trial_id);
                let made = |plan: &Plan, trial: &PlannedTrial, circumstances: Circumstances<'_>| {
                    finished_row(plan, trial, circumstances, report)
                };
                if self.add(device, trial_id, &evidence, made)? {
                    self.finished(device, trial_id, report)?;
                    if let Err(why) = evidence.energy_j {
                        *self.no_energy.entry((device.clone(), why)).or_default() += 1;
                    }
                    for row in figure_rows(device, report) {
                        self.figures.push(&row)?;
                    }
                    for row in token_rows(device, report) {
                        self.tokens.push(&row)?;
                    }
                    return Ok(true);
                }
            }
            SweepEvent::TrialLost { device, trial_id, status, failure, evidence } => {
                let made = |plan: &Plan, trial: &PlannedTrial, circumstances: Circumstances<'_>| {
                    failed_row(plan, trial, circumstances, *status, *failure, evidence)
                };
                let evidence = self.evidence(device, trial_id);
                return self.add(device, trial_id, &evidence, made);
            }
            SweepEvent::Started { .. }
            | SweepEvent::DeviceLost { .. }
            | SweepEvent::DevicePrepared { .. }
            | SweepEvent::DeviceLeft { .. }
            | SweepEvent::Ended { .. }
            | SweepEvent::TrialStarted { .. }
            | SweepEvent::Progress { .. } => {}
        }
        Ok(false)
    }

    /// Takes a probe: its figures stand with the trial next to it.
    fn probed(&mut self, device: &str, probe: &Probe) -> Result<()> {
        self.hindsight.probe(device, probe);
        if let Some(peak) = probe.peak_ops_per_s {
            let known = self.peaks.entry((device.to_owned(), probe.threads)).or_default();
            *known = known.max(peak);
        }
        match probe.moment {
            ProbeMoment::Start => {
                self.unplaced.insert(device.to_owned(), probe.clone());
            }
            ProbeMoment::End => {
                if let Some(trial_id) = self.last.get(device) {
                    for row in probe_rows(device, trial_id, probe) {
                        self.figures.push(&row)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// What the rest of the sweep needs of a trial that has its row.
    fn finished(&mut self, device: &str, trial_id: &str, report: &TrialReport) -> Result<()> {
        if let Some(probe) = self.unplaced.remove(device) {
            for row in probe_rows(device, trial_id, &probe) {
                self.figures.push(&row)?;
            }
        }
        self.last.insert(device.to_owned(), trial_id.to_owned());
        if let Some(&index) = self.position.get(trial_id) {
            let key = (device.to_owned(), index);
            if let Some(row) = self.rows.get(&key) {
                self.hindsight.trial(&key, report, row);
            }
        }
        Ok(())
    }

    /// Judges all trials again by what the sweep shows as a whole. True when a verdict changed: then the
    /// table of trials is to be published anew.
    fn look_back(&mut self) -> Result<bool> {
        let changed = self.hindsight.judge(&self.plan, &mut self.rows);
        if changed.is_empty() {
            return Ok(false);
        }
        self.trials = Appender::create(&self.folder, &TrialRow::TABLE)?;
        for key in &self.order {
            if let Some(row) = self.rows.get(key) {
                self.trials.push(row)?;
            }
        }
        let cells: BTreeSet<(String, Cell)> = changed
            .into_iter()
            .filter(|(_, index)| !self.plan.trials[*index].warmup)
            .map(|(device, index)| (device, self.plan.cell(&self.plan.trials[index])))
            .collect();
        for (device, cell) in cells {
            self.summarize_cell(&device, cell);
        }
        Ok(true)
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
    ) -> Result<bool> {
        let Some(&index) = self.position.get(trial_id) else { return Ok(false) };
        if self.is_done(device, index) {
            return Ok(false);
        }
        let trial = &self.plan.trials[index];
        let machine = self.agents.get(device).map(|facts| &facts.machine);
        let soc = machine.map(|machine| machine.cpu.as_str());
        let contention = machine.and_then(|machine| machine.contention);
        let ready = self.ready.get(&(device.to_owned(), trial.model));
        let threads = ready.map(|ready| ready.options.threads);
        let peak_ops_per_s = threads.and_then(|n| self.peaks.get(&(device.to_owned(), n)).copied());
        let circumstances = Circumstances { device, soc, ready, contention, peak_ops_per_s, evidence };
        let row = made(&self.plan, trial, circumstances);
        self.trials.push(&row)?;
        self.order.push((device.to_owned(), index));
        let cell = (!trial.warmup).then(|| self.plan.cell(trial));
        self.rows.insert((device.to_owned(), index), row);
        if let Some(cell) = cell {
            self.summarize_cell(device, cell);
        }
        Ok(true)
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

    /// Puts the rebuilt tables in the place of the old ones.
    fn publish(&mut self) -> Result<()> {
        self.trials.publish()?;
        self.figures.publish()?;
        self.tokens.publish()?;
        self.telemetry.publish()?;
        self.write_summary()
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

/// A CSV file that grows. It is built beside its place, so that a rebuild that is
/// cut short leaves the old file; from then on whole batches of rows are appended
/// with one `write` each.
struct Appender {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
}

impl Appender {
    fn create(folder: &Path, table: &Table) -> Result<Self> {
        let path = folder.join(table.file_name());
        let part = path.with_extension("part");
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&part);
        let file = file.map_err(|error| Error::unwritable(&part, &error))?;
        Ok(Self { path, file, buffer: table.header().into_bytes() })
    }

    fn push(&mut self, row: &impl Row) -> Result<()> {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(&mut self.buffer);
        let written = writer.serialize(row).and_then(|()| Ok(writer.flush()?));
        drop(writer);
        written.map_err(|error| Error::Internal(format!("{}: {error}", self.path.display())))?;
        if self.buffer.len() > 1 << 20 { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(&self.buffer);
        self.buffer.clear();
        written.map_err(|error| Error::writing(&self.path, &error))
    }

    fn publish(&mut self) -> Result<()> {
        self.flush()?;
        fs::rename(self.path.with_extension("part"), &self.path)
            .map_err(|error| Error::writing(&self.path, &error))
    }
}
