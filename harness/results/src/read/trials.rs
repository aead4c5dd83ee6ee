//! `trials.csv` row by row: one record and one [`Trial`] are reused, and columns
//! are looked up once, so that a million rows need neither memory nor much time.

use super::{
    Trial, check,
    table::{self, Table, bad, broken, shown},
};
use crate::analysis::{Status, TrialRow, Verdict, position};
use csv::ByteRecord;
use slm_plan::error::{Error, Result};
use slm_protocol::Failure;
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Columns that must be there; any other may be missing.
const REQUIRED: [&str; 17] = [
    "device",
    "backend",
    "model",
    "weights",
    "quant",
    "chunks",
    "prompt_id",
    "repetition",
    "warmup",
    "status",
    "verdict",
    "n_in",
    "n_out",
    "ttft_s",
    "itps",
    "otps",
    "runtime_s",
];

/// Place of a column in the list that writers and readers share.
macro_rules! at {
    ($column:ident) => {
        const { position(TrialRow::COLUMNS, stringify!($column)) }
    };
}

const FAILURES: [(&str, Failure); 8] = [
    ("load-failed", Failure::LoadFailed),
    ("out-of-memory", Failure::OutOfMemory),
    ("killed", Failure::Killed),
    ("crashed", Failure::Crashed),
    ("timed-out", Failure::TimedOut),
    ("device-lost", Failure::DeviceLost),
    ("disk-full", Failure::DiskFull),
    ("unsupported", Failure::Unsupported),
];

const FLAGS: [(&str, bool); 2] = [("true", true), ("false", false)];

const STATUSES: [(&str, Status); 3] =
    [("completed", Status::Completed), ("failed", Status::Failed), ("skipped", Status::Skipped)];

const VERDICTS: [(&str, Verdict); 3] =
    [("valid", Verdict::Valid), ("throttled", Verdict::Throttled), ("suspect", Verdict::Suspect)];

/// A streaming reader of trials.
pub struct Trials<R> {
    table: Table<R>,
    record: ByteRecord,
    /// Where each of [`TrialRow::COLUMNS`] stands in this file.
    columns: Vec<Option<usize>>,
}

/// Opens the trials of a results folder, or a `trials.csv` by itself.
///
/// # Errors
/// [`Error::Input`] when it cannot be read or has not the columns of trials.
pub fn trials(path: &Path) -> Result<Trials<File>> {
    let path = if path.is_dir() { path.join("trials.csv") } else { PathBuf::from(path) };
    Ok(Trials::from_table(table::open(&path, &REQUIRED)?))
}

impl<R: Read> Trials<R> {
    /// Trials of any reader; `path` is only named in errors.
    ///
    /// # Errors
    /// [`Error::Input`] when the header has not the columns of trials.
    pub fn new(path: &Path, input: R) -> Result<Self> {
        Ok(Self::from_table(Table::new(path, input, &REQUIRED)?))
    }

    fn from_table(table: Table<R>) -> Self {
        let columns = TrialRow::COLUMNS.iter().map(|column| table.column(column.name)).collect();
        Self { table, record: ByteRecord::new(), columns }
    }

    /// Reads the next row into `trial`; false at the end of the file.
    ///
    /// # Errors
    /// [`Error::Input`] naming file, line and column.
    pub fn read(&mut self, trial: &mut Trial) -> Result<bool> {
        let more = self.table.reader.read_byte_record(&mut self.record);
        if !more.map_err(|error| broken(&self.table.path, &error, Some(&self.table.headers)))? {
            return Ok(false);
        }
        let fields = Fields(self);
        fields.copy(at!(trial_id), &mut trial.trial_id)?;
        fields.copy(at!(device), &mut trial.device)?;
        fields.copy(at!(backend), &mut trial.backend)?;
        fields.copy(at!(model), &mut trial.model)?;
        fields.copy(at!(weights), &mut trial.weights)?;
        fields.copy(at!(quant), &mut trial.quant)?;
        fields.copy(at!(prompt_id), &mut trial.prompt_id)?;
        fields.copy(at!(verdict_reason), &mut trial.verdict_reason)?;
        fields.copy(at!(started_at), &mut trial.started_at)?;
        trial.params = fields.whole(at!(params))?;
        trial.chunks = fields.whole(at!(chunks))?;
        trial.prompt_tokens = fields.whole(at!(prompt_tokens))?;
        trial.repetition = fields.whole(at!(repetition))?.unwrap_or(1);
        trial.warmup = fields.flag(at!(warmup), &FLAGS)?.unwrap_or(false);
        trial.status = fields.flag(at!(status), &STATUSES)?.unwrap_or(Status::Skipped);
        trial.failure = fields.flag(at!(failure), &FAILURES)?;
        trial.verdict = fields.flag(at!(verdict), &VERDICTS)?;
        trial.n_in_nominal = fields.whole(at!(n_in_nominal))?;
        trial.n_in = fields.whole(at!(n_in))?;
        trial.n_out = fields.whole(at!(n_out))?;
        trial.load_s = fields.figure(at!(load_s))?;
        trial.ttft_s = fields.figure(at!(ttft_s))?;
        trial.prefill_s = fields.figure(at!(prefill_s))?;
        trial.itps = fields.figure(at!(itps))?;
        trial.otps = fields.figure(at!(otps))?;
        trial.tpot_p50_ms = fields.figure(at!(tpot_p50_ms))?;
        trial.tpot_p90_ms = fields.figure(at!(tpot_p90_ms))?;
        trial.tpot_p99_ms = fields.figure(at!(tpot_p99_ms))?;
        trial.runtime_s = fields.figure(at!(runtime_s))?;
        trial.rss_peak_mib = fields.figure(at!(rss_peak_mib))?;
        trial.threads = fields.whole(at!(threads))?;
        trial.flash_attention = fields.flag(at!(flash_attention), &[("on", true), ("off", false)])?;
        let energy = fields.text(at!(energy_j))?.parse::<f64>().ok();
        trial.energy_j = energy.filter(|energy| energy.is_finite());
        Ok(true)
    }

    fn fault(&self, column: usize, why: &str) -> Error {
        let line = self.record.position().map_or(0, csv::Position::line);
        bad(&self.table.path, line, TrialRow::COLUMNS[column].name, why)
    }
}

/// For where a million allocations do not matter.
impl<R: Read> Iterator for Trials<R> {
    type Item = Result<Trial>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut trial = Trial::default();
        match self.read(&mut trial) {
            Ok(true) => Some(Ok(trial)),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// The fields of the current row, by their place in [`TrialRow::COLUMNS`].
struct Fields<'a, R>(&'a Trials<R>);

impl<'a, R: Read> Fields<'a, R> {
    /// A field; empty where its column is missing.
    fn text(&self, column: usize) -> Result<&'a str> {
        let field = self.0.columns[column].and_then(|index| self.0.record.get(index)).unwrap_or_default();
        std::str::from_utf8(field).map_err(|_| self.0.fault(column, "is not UTF-8 text"))
    }

    fn copy(&self, column: usize, into: &mut String) -> Result<()> {
        into.clear();
        into.push_str(self.text(column)?);
        Ok(())
    }

    fn whole<T: FromStr>(&self, column: usize) -> Result<Option<T>> {
        match self.text(column)? {
            "" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|_| self.0.fault(column, &format!("{} is not a whole number", shown(text)))),
        }
    }

    fn figure(&self, column: usize) -> Result<Option<f64>> {
        let text = self.text(column)?;
        if text.is_empty() {
            return Ok(None);
        }
        let value = text.parse::<f64>();
        let value = value.map_err(|_| self.0.fault(column, &format!("{} is not a number", shown(text))))?;
        check::positive(TrialRow::COLUMNS[column].name, Some(value))
            .map_err(|(_, why)| self.0.fault(column, &why))
    }

    fn flag<T: Copy>(&self, column: usize, names: &[(&str, T)]) -> Result<Option<T>> {
        match self.text(column)? {
            "" => Ok(None),
            text => {
                if let Some((_, value)) = names.iter().find(|(name, _)| *name == text) {
                    return Ok(Some(*value));
                }
                let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
                Err(self.0.fault(column, &format!("{} is not one of {}", shown(text), known.join(", "))))
            }
        }
    }
}

#[cfg(test)]
mod tests;
