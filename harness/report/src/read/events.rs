//! `events.jsonl`: what the tables do not have. The command lines of resumed
//! runs, lost devices, and the engine's report of each loaded model.

use crate::data::{Loss, ReportData, Subject};
use slm_plan::error::{Error, Result};
use slm_sweep::store::{Record, SweepEvent};
use std::{
    fs::File,
    io::{BufRead, BufReader, ErrorKind, Read},
    path::Path,
};

/// Bytes of the log that are read at most: that of a full study has some 20 MB.
const BUDGET: u64 = 64 << 20;
/// Reads the log of a run into the data. Damaged and unknown lines are skipped:
/// the tables have every figure.
pub(super) fn read(data: &mut ReportData, run: usize, folder: &Path) -> Result<()> {
    let path = folder.join("events.jsonl");
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::reading(&path, &error)),
    };
    if file.metadata().is_ok_and(|metadata| metadata.len() > BUDGET) {
        data.runs[run].sampled.push(format!("of events.jsonl, the first {} MiB were read", BUDGET >> 20));
    }
    let mut reader = BufReader::with_capacity(1 << 18, file.take(BUDGET));
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).map_err(|error| Error::reading(&path, &error))? == 0 {
            return Ok(());
        }
        if is_of_use(&line)
            && let Ok(record) = serde_json::from_slice::<Record>(&line)
        {
            take(data, run, record);
        }
    }
}

/// Whether a line is worth parsing: most are not.
fn is_of_use(line: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&line[..line.len().min(400)]);
    ["started", "model-ready", "device-lost"]
        .iter()
        .any(|kind| head.contains(&format!("\"type\":\"{kind}\"")))
}

fn take(data: &mut ReportData, run: usize, Record { at, event, .. }: Record) {
    match event {
        SweepEvent::DeviceLost { device, reason } => data.runs[run].lost.push(Loss { device, at, reason }),
        SweepEvent::Started { command, resumed: true } => data.runs[run].commands.push(command),
        SweepEvent::ModelReady { device, model: index, ready } => {
            let Some(planned) = data.runs[run].manifest.plan.input.models.get(index) else { return };
            let own = |subject: &&mut Subject| {
                subject.run == run && subject.device == device && subject.is_of(planned)
            };
            let subject = data.subjects.iter_mut().find(own);
            if let Some(subject) = subject {
                subject.ready = Some(ready);
            }
        }
        _ => {}
    }
}
