//! From a results folder to the answers: `trials.csv` tells whose a trial is, `events.jsonl` what came out.

use super::answer::Answer;
use slm_plan::{
    error::{Error, Result},
    prompts::BuiltPrompt,
};
use slm_protocol::{Output, PromptContent, StopReason};
use slm_results::{read::rows, schema::TrialRow};
use slm_sweep::store::{Record, SweepEvent};
use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead, BufReader, ErrorKind},
    path::Path,
};

/// All answers of a results folder.
#[derive(Debug, Default)]
pub struct Outputs {
    /// By device and model, then in the order of the prompts.
    pub answers: Vec<Answer>,
    /// Lines of `events.jsonl` that could not be read.
    pub damaged: usize,
}

/// Reads the answers of the measured trials that `wanted` takes; `prompts` are the sweep's.
///
/// # Errors
/// [`Error::Input`] that names the file that cannot be read. One that is not there holds no answers.
pub fn read(folder: &Path, prompts: &[BuiltPrompt], wanted: impl Fn(&TrialRow) -> bool) -> Result<Outputs> {
    let mut reader = Reader::new(prompts);
    for trial in rows::<TrialRow>(folder)? {
        let trial = trial?;
        if trial.is_measured() && wanted(&trial) {
            reader.expect(&trial);
        }
    }
    if !reader.trials.is_empty() {
        reader.read_events(&folder.join("events.jsonl"))?;
    }
    Ok(reader.finish())
}

/// An answer that is being put together.
struct Entry {
    answer: Answer,
    /// The place of its prompt in the sweep.
    place: usize,
    /// The model's place, in the order of the trials.
    model: usize,
    /// What tells its first output from others; `None` before that is read.
    first: Option<String>,
}

struct Reader<'a> {
    prompts: HashMap<&'a str, (usize, &'a BuiltPrompt)>,
    entries: Vec<Entry>,
    /// Entry of each trial, by device and identifier.
    trials: HashMap<(String, String), usize>,
    /// Models seen.
    models: usize,
    damaged: usize,
}

impl<'a> Reader<'a> {
    fn new(prompts: &'a [BuiltPrompt]) -> Self {
        let prompts = prompts.iter().enumerate().map(|(place, prompt)| (prompt.id.as_str(), (place, prompt)));
        Self {
            prompts: prompts.collect(),
            entries: Vec::new(),
            trials: HashMap::new(),
            models: 0,
            damaged: 0,
        }
    }

    /// Takes a trial whose output is to be read.
    fn expect(&mut self, trial: &TrialRow) {
        let same_model = |entry: &&Entry| entry.answer.is_of(trial);
        let known = self
            .entries
            .iter()
            .position(|entry| entry.answer.prompt_id == trial.prompt_id && entry.answer.is_of(trial));
        let index = known.unwrap_or_else(|| {
            let model = self.entries.iter().find(same_model).map_or(self.models, |entry| entry.model);
            self.models = self.models.max(model + 1);
            let prompt = self.prompts.get(trial.prompt_id.as_str());
            self.entries.push(Entry {
                place: prompt.map_or(usize::MAX, |(place, _)| *place),
                model,
                first: None,
                answer: answer(trial, prompt.map(|(_, prompt)| *prompt)),
            });
            self.entries.len() - 1
        });
        self.trials.insert((trial.device.clone(), trial.trial_id.clone()), index);
    }

    fn read_events(&mut self, path: &Path) -> Result<()> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::reading(path, &error)),
        };
        let mut reader = BufReader::with_capacity(1 << 18, file);
        let mut line = Vec::new();
        loop {
            line.clear();
            if reader.read_until(b'\n', &mut line).map_err(|error| Error::reading(path, &error))? == 0 {
                return Ok(());
            }
            if is_of_another_kind(&line) {
                continue;
            }
            match serde_json::from_slice::<Record>(&line) {
                Ok(Record { event: SweepEvent::TrialFinished { device, report }, .. }) => {
                    if let Some(output) = report.output {
                        self.take(device, report.trial_id, output);
                    }
                }
                Ok(_) => {}
                Err(_) => self.damaged += 1,
            }
        }
    }

    fn take(&mut self, device: String, trial_id: String, output: Output) {
        // A trial counts once, however often it is told of.
        let Some(index) = self.trials.remove(&(device, trial_id)) else { return };
        let Entry { answer, first, .. } = &mut self.entries[index];
        let told_apart_by = output.tokens_sha256.unwrap_or_else(|| output.text.clone());
        answer.trials += 1;
        answer.at_limit += u32::from(output.stop == StopReason::Length);
        answer.alike += u32::from(first.as_ref().is_none_or(|first| *first == told_apart_by));
        if first.is_none() {
            *first = Some(told_apart_by);
            (answer.n_out, answer.stop_reason, answer.output) = (output.n_out, output.stop, output.text);
        }
    }

    fn finish(mut self) -> Outputs {
        self.entries.retain(|entry| entry.first.is_some());
        self.entries.sort_by_key(|entry| (entry.model, entry.place));
        let answers = self.entries.into_iter().map(|entry| entry.answer).collect();
        Outputs { answers, damaged: self.damaged }
    }
}

/// Whether a line is worth no parsing: most are telemetry.
fn is_of_another_kind(line: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&line[..line.len().min(200)]);
    head.contains("\"type\":\"") && !head.contains("\"type\":\"trial-finished\"") && line.ends_with(b"}\n")
}

/// An answer without what came out.
fn answer(trial: &TrialRow, prompt: Option<&BuiltPrompt>) -> Answer {
    let prompt = match prompt.map(|prompt| &prompt.content) {
        Some(PromptContent::Text { text }) => Some(text.clone()),
        _ => None,
    };
    Answer {
        device: trial.device.clone(),
        backend: trial.backend.clone(),
        model: trial.model.clone(),
        weights: trial.weights.clone(),
        quant: trial.quant.clone(),
        variant: trial.variant.clone(),
        chunks: trial.chunks,
        prompt_tokens: trial.prompt_tokens,
        prompt_id: trial.prompt_id.clone(),
        prompt,
        n_in: trial.n_in,
        n_out: 0,
        stop_reason: StopReason::Aborted,
        output: String::new(),
        trials: 0,
        alike: 0,
        at_limit: 0,
    }
}
