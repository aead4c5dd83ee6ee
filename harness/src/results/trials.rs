//! `trials.csv` row by row: one record and one [`Trial`] are reused, and columns
//! are looked up once, so that a million rows need neither memory nor much time.

use super::{
    Trial, check,
    table::{self, Table, bad, broken, shown},
};
use crate::{
    analysis::{Status, Verdict},
    error::{Error, Result},
};
use csv::ByteRecord;
use slm_protocol::Failure;
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Every column that is read, and whether it must be there.
const COLUMNS: [(&str, bool); 31] = [
    ("trial_id", false),
    ("device", true),
    ("backend", true),
    ("model", true),
    ("weights", true),
    ("quant", true),
    ("prompt_id", true),
    ("params", false),
    ("chunks", true),
    ("repetition", true),
    ("warmup", true),
    ("status", true),
    ("failure", false),
    ("verdict", true),
    ("verdict_reason", false),
    ("n_in_nominal", false),
    ("n_in", true),
    ("n_out", true),
    ("load_s", false),
    ("ttft_s", true),
    ("prefill_s", false),
    ("itps", true),
    ("otps", true),
    ("tpot_p50_ms", false),
    ("tpot_p90_ms", false),
    ("tpot_p99_ms", false),
    ("runtime_s", true),
    ("rss_peak_mib", false),
    ("threads", false),
    ("flash_attention", false),
    ("started_at", false),
];

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

/// A streaming reader of trials.
pub struct Trials<R> {
    table: Table<R>,
    record: ByteRecord,
    columns: [Option<usize>; COLUMNS.len()],
    energy: Option<usize>,
}

/// Opens the trials of a results folder, or a `trials.csv` by itself.
///
/// # Errors
/// [`Error::Input`] when it cannot be read or has not the columns of trials.
pub fn trials(path: &Path) -> Result<Trials<File>> {
    let path = if path.is_dir() { path.join("trials.csv") } else { PathBuf::from(path) };
    Ok(Trials::from_table(table::open(&path, &required())?))
}

fn required() -> Vec<&'static str> {
    COLUMNS.iter().filter(|(_, required)| *required).map(|(name, _)| *name).collect()
}

impl<R: Read> Trials<R> {
    /// Trials of any reader; `path` is only named in errors.
    ///
    /// # Errors
    /// [`Error::Input`] when the header has not the columns of trials.
    pub fn new(path: &Path, input: R) -> Result<Self> {
        Ok(Self::from_table(Table::new(path, input, &required())?))
    }

    fn from_table(table: Table<R>) -> Self {
        let columns = COLUMNS.map(|(name, _)| table.column(name));
        let energy = table.column("energy_j");
        Self { table, record: ByteRecord::new(), columns, energy }
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
        let mut fields = Fields { reader: self, next: 0 };
        let texts = [
            &mut trial.trial_id,
            &mut trial.device,
            &mut trial.backend,
            &mut trial.model,
            &mut trial.weights,
            &mut trial.quant,
            &mut trial.prompt_id,
        ];
        for text in texts {
            fields.copy(text)?;
        }
        trial.params = fields.whole()?;
        trial.chunks = fields.whole()?;
        trial.repetition = fields.whole()?.unwrap_or(1);
        trial.warmup = fields.flag(&[("true", true), ("false", false)])?.unwrap_or(false);
        let statuses =
            [("completed", Status::Completed), ("failed", Status::Failed), ("skipped", Status::Skipped)];
        trial.status = fields.flag(&statuses)?.unwrap_or(Status::Skipped);
        trial.failure = fields.flag(&FAILURES)?;
        let verdicts =
            [("valid", Verdict::Valid), ("throttled", Verdict::Throttled), ("suspect", Verdict::Suspect)];
        trial.verdict = fields.flag(&verdicts)?;
        fields.copy(&mut trial.verdict_reason)?;
        trial.n_in_nominal = fields.whole()?;
        trial.n_in = fields.whole()?;
        trial.n_out = fields.whole()?;
        for figure in [
            &mut trial.load_s,
            &mut trial.ttft_s,
            &mut trial.prefill_s,
            &mut trial.itps,
            &mut trial.otps,
            &mut trial.tpot_p50_ms,
            &mut trial.tpot_p90_ms,
            &mut trial.tpot_p99_ms,
            &mut trial.runtime_s,
            &mut trial.rss_peak_mib,
        ] {
            *figure = fields.figure()?;
        }
        trial.threads = fields.whole()?;
        trial.flash_attention = fields.flag(&[("on", true), ("off", false)])?;
        fields.copy(&mut trial.started_at)?;
        trial.energy_j = self.energy.and_then(|index| self.record.get(index)).and_then(|field| {
            let value = std::str::from_utf8(field).ok()?.parse::<f64>().ok()?;
            value.is_finite().then_some(value)
        });
        Ok(true)
    }

    fn fault(&self, column: &str, why: &str) -> Error {
        let line = self.record.position().map_or(0, csv::Position::line);
        bad(&self.table.path, line, column, why)
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

/// The fields of a row, in the order of [`COLUMNS`].
struct Fields<'a, R> {
    reader: &'a Trials<R>,
    next: usize,
}

impl<'a, R: Read> Fields<'a, R> {
    /// The next field with its column; empty where the column is missing.
    fn text(&mut self) -> Result<(&'static str, &'a str)> {
        let column = COLUMNS[self.next].0;
        let field = self.reader.columns[self.next].and_then(|index| self.reader.record.get(index));
        self.next += 1;
        let text = std::str::from_utf8(field.unwrap_or_default());
        text.map(|text| (column, text)).map_err(|_| self.reader.fault(column, "is not UTF-8 text"))
    }

    fn copy(&mut self, into: &mut String) -> Result<()> {
        into.clear();
        into.push_str(self.text()?.1);
        Ok(())
    }

    fn whole<T: FromStr>(&mut self) -> Result<Option<T>> {
        match self.text()? {
            (_, "") => Ok(None),
            (column, text) => text
                .parse()
                .map(Some)
                .map_err(|_| self.reader.fault(column, &format!("{} is not a whole number", shown(text)))),
        }
    }

    fn figure(&mut self) -> Result<Option<f64>> {
        let (column, text) = self.text()?;
        if text.is_empty() {
            return Ok(None);
        }
        let value = text.parse::<f64>();
        let value =
            value.map_err(|_| self.reader.fault(column, &format!("{} is not a number", shown(text))))?;
        check::positive(column, Some(value)).map_err(|(column, why)| self.reader.fault(column, &why))
    }

    fn flag<T: Copy>(&mut self, names: &[(&str, T)]) -> Result<Option<T>> {
        match self.text()? {
            (_, "") => Ok(None),
            (column, text) => {
                if let Some((_, value)) = names.iter().find(|(name, _)| *name == text) {
                    return Ok(Some(*value));
                }
                let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
                let why = format!("{} is not one of {}", shown(text), known.join(", "));
                Err(self.reader.fault(column, &why))
            }
        }
    }
}

#[cfg(test)]
mod tests;
