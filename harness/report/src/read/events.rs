//! `events.jsonl`: what the tables do not have. The command lines of resumed
//! runs, lost devices, the engine's report of each loaded model, and one output of each.

use crate::data::{Loss, ReportData, Sample, Subject};
use slm_plan::error::{Error, Result};
use slm_protocol::PromptContent;
use slm_results::schema::TrialRow;
use slm_sweep::store::{Record, SweepEvent};
use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead, BufReader, ErrorKind, Read},
    path::Path,
};

/// Bytes of the log that are read at most: that of a full study has some 20 MB.
const BUDGET: u64 = 64 << 20;
/// Characters of a prompt or an output that are shown.
const SHOWN: usize = 600;

/// The trial whose output is shown, for each subject: its first completed one.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    trials: HashMap<usize, Shown>,
}

#[derive(Debug)]
struct Shown {
    device: String,
    trial_id: String,
    prompt_id: String,
}

impl Wanted {
    /// Takes a completed trial, unless the subject has one.
    pub(super) fn consider(&mut self, subject: usize, trial: &TrialRow) {
        self.trials.entry(subject).or_insert_with(|| Shown {
            device: trial.device.clone(),
            trial_id: trial.trial_id.clone(),
            prompt_id: trial.prompt_id.clone(),
        });
    }
}

/// Reads the log of a run into the data. Damaged and unknown lines are skipped:
/// the tables have every figure.
pub(super) fn read(data: &mut ReportData, run: usize, folder: &Path, wanted: &Wanted) -> Result<()> {
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
        if is_of_use(&line, wanted)
            && let Ok(record) = serde_json::from_slice::<Record>(&line)
        {
            take(data, run, record, wanted);
        }
    }
}

/// Whether a line is worth parsing: most are not. Trial ids need no escapes in JSON.
fn is_of_use(line: &[u8], wanted: &Wanted) -> bool {
    let head = String::from_utf8_lossy(&line[..line.len().min(400)]);
    if head.contains("\"type\":\"trial-finished\"") {
        let quoted = |id: &str| format!("\"trial_id\":\"{id}\"");
        return wanted.trials.values().any(|shown| head.contains(&quoted(&shown.trial_id)));
    }
    ["started", "model-ready", "device-lost"]
        .iter()
        .any(|kind| head.contains(&format!("\"type\":\"{kind}\"")))
}

fn take(data: &mut ReportData, run: usize, Record { at, event, .. }: Record, wanted: &Wanted) {
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
        SweepEvent::TrialFinished { device, report } => {
            let is_this = |shown: &Shown| shown.trial_id == report.trial_id && shown.device == device;
            let of = wanted.trials.iter().find(|(_, shown)| is_this(shown));
            let (Some((&subject, Shown { prompt_id, .. })), Some(output)) = (of, report.output) else {
                return;
            };
            let prompts = &data.runs[run].manifest.plan.input.prompts;
            let prompt = prompts.iter().find(|prompt| prompt.id == *prompt_id);
            let prompt = match prompt.map(|prompt| &prompt.content) {
                Some(PromptContent::Text { text }) => shown(text),
                _ => String::new(),
            };
            let sample = Sample { prompt_id: prompt_id.clone(), prompt, output: shown(&output.text) };
            data.subjects[subject].sample.get_or_insert(sample);
        }
        _ => {}
    }
}

fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push_str(" …");
    }
    short
}
