//! `events.jsonl`: appended line by line, each line one `write`.

use super::{Record, SweepEvent};
use serde::Deserialize;
use slm_plan::error::{Error, Result};
use slm_protocol::Version;
use slm_results::manifest::FORMAT;
use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The open log.
pub(super) struct EventLog {
    path: PathBuf,
    file: File,
    next_seq: u64,
}

#[derive(Deserialize)]
struct AnyVersion {
    format: Version,
}

impl EventLog {
    /// A new, empty log.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().append(true).create_new(true).open(path);
        let file = file.map_err(|error| Error::unwritable(path, &error))?;
        Ok(Self { path: path.to_owned(), file, next_seq: 0 })
    }

    /// Opens an existing log, cuts a torn last line off, and reads the rest.
    pub(super) fn reopen(path: &Path) -> Result<(Self, Vec<Record>)> {
        let file = OpenOptions::new().read(true).append(true).create(true).truncate(false).open(path);
        let file = file.map_err(|error| Error::unwritable(path, &error))?;
        let mut reader = BufReader::new(&file);
        // Bytes, since a torn line may end within a character.
        let (mut records, mut whole, mut line) = (Vec::new(), 0u64, Vec::new());
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).map_err(|error| Error::reading(path, &error))?;
            if line.last() != Some(&b'\n') {
                break;
            }
            records.push(decode(path, &line, records.len())?);
            whole += read as u64;
        }
        file.set_len(whole).map_err(|error| Error::unwritable(path, &error))?;
        let next_seq = records.len() as u64;
        Ok((Self { path: path.to_owned(), file, next_seq }, records))
    }

    /// Appends an event, unless it is one that is not kept.
    pub(super) fn append(&mut self, event: &SweepEvent) -> Result<()> {
        if !event.is_stored() {
            return Ok(());
        }
        let at = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        let record = Record { format: FORMAT, seq: self.next_seq, at, event: event.clone() };
        let mut line =
            serde_json::to_vec(&record).map_err(|error| Error::Internal(format!("event: {error}")))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(|error| Error::writing(&self.path, &error))?;
        self.next_seq += 1;
        Ok(())
    }
}

fn decode(path: &Path, line: &[u8], index: usize) -> Result<Record> {
    let damaged = |why: String| {
        let what = format!("{} is damaged in line {}: {why}", path.display(), index + 1);
        Error::input(what, "cut the file before that line; what stood after it will be measured again")
    };
    let format =
        serde_json::from_slice::<AnyVersion>(line).map_err(|error| damaged(error.to_string()))?.format;
    if format.major != FORMAT.major {
        let what = format!("{} has format version {format}, this bench reads {FORMAT}", path.display());
        return Err(Error::input(what, "use the version of bench that wrote it, or a newer one"));
    }
    let record: Record = serde_json::from_slice(line).map_err(|error| damaged(error.to_string()))?;
    if record.seq != index as u64 {
        return Err(damaged(format!("event {} stands where {index} should", record.seq)));
    }
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs;

    fn event(n: usize) -> SweepEvent {
        SweepEvent::Started { command: vec![format!("é{n}")], resumed: false }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn a_log_cut_anywhere_keeps_its_whole_lines(cut in 0usize..400) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("events.jsonl");
            let mut log = EventLog::create(&path).unwrap();
            (0..3).for_each(|n| log.append(&event(n)).unwrap());
            drop(log);
            let bytes = fs::read(&path).unwrap();
            let cut = cut.min(bytes.len());
            fs::write(&path, &bytes[..cut]).unwrap();
            let whole = bytes[..cut].iter().filter(|&&byte| byte == b'\n').count();
            let (mut log, records) = EventLog::reopen(&path).unwrap();
            prop_assert_eq!(records.len(), whole);
            log.append(&event(9)).unwrap();
            let (_, records) = EventLog::reopen(&path).unwrap();
            prop_assert_eq!(records.len(), whole + 1);
            prop_assert_eq!(&records[whole].event, &event(9));
        }
    }

    #[test]
    fn a_damaged_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        EventLog::create(&path).unwrap().append(&event(0)).unwrap();
        let good = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{good}rubbish\n")).unwrap();
        let error = EventLog::reopen(&path).err().unwrap().to_string();
        assert!(error.contains("line 2"), "{error}");
    }
}
