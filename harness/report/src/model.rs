//! What a report is made from: everything that was measured, as one value. The
//! page, the Markdown and the plots are renderings of it.

use slm_decide::compare::Comparison;
use slm_plan::PlannedModel;
use slm_results::{analysis::Verdict, read::{Cell, Context, Facts}};
use slm_protocol::{Failure, Ready};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a report tells.
#[derive(Debug, Default)]
pub struct Model {
    /// The results folders.
    pub runs: Vec<Run>,
    /// Models, each as measured on one device in one run.
    pub subjects: Vec<Subject>,
    /// Their cells, subject by subject, contexts ascending.
    pub cells: Vec<Measured>,
    /// Figures to compare with, where some were given.
    pub baseline: Option<Baseline>,
    /// Most time that an answer may take, seconds.
    pub budget_s: f64,
}

/// A results folder.
#[derive(Debug)]
pub struct Run {
    /// Name of its folder.
    pub id: String,
    /// How it was measured.
    pub facts: Facts,
    /// Command lines of all runs: the first and the resumed ones.
    pub commands: Vec<Vec<String>>,
    /// Why trials are not to be trusted, by device and kind of reason: how many, and
    /// one reason in full.
    pub doubts: BTreeMap<(String, String), Tally>,
    /// Devices that went away, each time they did.
    pub lost: Vec<Loss>,
    /// Trials in time, at most some thousands of them.
    pub moments: Vec<Moment>,
    /// Readings of sensors.
    pub sensors: Vec<Sensor>,
    /// Files of which only a part was read, in words.
    pub sampled: Vec<String>,
}

/// A model on a device.
#[derive(Debug)]
pub struct Subject {
    /// Index of its run.
    pub run: usize,
    /// Device.
    pub device: String,
    /// SoC or CPU.
    pub soc: Option<String>,
    /// Engine.
    pub backend: String,
    /// Model's name.
    pub model: String,
    /// `synthetic` or `real`.
    pub weights: String,
    /// Weight types.
    pub quant: String,
    /// Parameters.
    pub params: Option<u64>,
    /// Name that no other subject has.
    pub label: String,
    /// The engine's account of the loaded model.
    pub ready: Option<Box<Ready>>,
    /// Threads that the trials ran with.
    pub threads: Option<u32>,
    /// Load times, seconds: one for each start of an agent.
    pub loads_s: Vec<f64>,
    /// What the model wrote.
    pub sample: Option<Sample>,
}

/// A cell with its trials.
#[derive(Debug)]
pub struct Measured {
    /// Index of its subject.
    pub subject: usize,
    /// Its row of the summary.
    pub cell: Cell,
    /// Its completed trials, warm-ups left out.
    pub trials: Vec<Point>,
    /// Means of the trials' percentiles of time between tokens: p50, p90, p99; milliseconds.
    pub tpot_ms: Option<[f64; 3]>,
    /// Latencies of the tokens of some trials, milliseconds; the first is the TTFT.
    pub tokens_ms: Vec<Vec<f32>>,
    /// Causes of failed and skipped trials, with the first one's evidence.
    pub failures: BTreeMap<Failure, Tally>,
}

/// A completed trial, as far as its place among others matters. What is unknown is NaN.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Input tokens per second.
    pub itps: f32,
    /// Output tokens per second.
    pub otps: f32,
    /// Time to first token, seconds.
    pub ttft_s: f32,
    /// Request to last token, seconds.
    pub runtime_s: f32,
    /// Whether it can be trusted.
    pub verdict: Verdict,
}

/// How often, and the first one's words.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// How often.
    pub count: u64,
    /// The first one's words. Untrusted text.
    pub example: String,
}

/// A device that went away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Device.
    pub device: String,
    /// When the host gave it up; RFC 3339.
    pub at: String,
    /// What was seen. Untrusted text.
    pub reason: String,
}

/// A trial in time.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Start, seconds since the Unix epoch.
    pub at_s: f64,
    /// Index of its subject.
    pub subject: usize,
    /// Index of its cell.
    pub cell: usize,
    /// Output tokens per second.
    pub otps: f32,
    /// Whether it can be trusted.
    pub verdict: Verdict,
}

/// A sensor's readings.
#[derive(Debug)]
pub struct Sensor {
    /// Device.
    pub device: String,
    /// Name.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// Seconds since the Unix epoch, and value.
    pub readings: Vec<(f64, f64)>,
}

/// What a model wrote. Untrusted text.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The prompt's identifier.
    pub prompt_id: String,
    /// Begin of the prompt, where the plan has it as text.
    pub prompt: String,
    /// Begin of the output.
    pub output: String,
}

/// The figures beside a baseline's.
#[derive(Debug)]
pub struct Baseline {
    /// Where its figures are from.
    pub name: String,
    /// The comparison of each run, by its index; `None` where no cell has a partner.
    pub runs: Vec<Option<Comparison>>,
}

impl Model {
    /// The plan's model behind a subject.
    pub fn planned(&self, subject: &Subject) -> Option<&PlannedModel> {
        let models = &self.runs.get(subject.run)?.facts.plan.input.models;
        models.iter().find(|planned| subject.is_of(planned))
    }

    /// Cells of a subject, contexts ascending.
    pub fn cells_of(&self, subject: usize) -> impl Iterator<Item = &Measured> {
        self.cells.iter().filter(move |measured| measured.subject == subject)
    }

    /// All context lengths, ascending.
    pub fn contexts(&self) -> Vec<Context> {
        let mut contexts: Vec<Context> =
            self.cells.iter().map(|measured| measured.cell.key.context).collect();
        contexts.sort_unstable();
        contexts.dedup();
        contexts
    }

    /// Names of all devices.
    pub fn devices(&self) -> BTreeSet<&str> {
        self.subjects.iter().map(|subject| subject.device.as_str()).collect()
    }

    /// Trials of a device in a run that have no result: never run, or lost with it.
    pub fn without_result(&self, run: usize, device: &str) -> u64 {
        let left = |measured: &Measured| {
            let failed = measured.failures.iter().filter(|(failure, _)| **failure != Failure::DeviceLost);
            let had: u64 = measured.trials.len() as u64 + failed.map(|(_, tally)| tally.count).sum::<u64>();
            u64::from(measured.cell.n_planned.unwrap_or(0)).saturating_sub(had)
        };
        let own = |measured: &&Measured| {
            let subject = &self.subjects[measured.subject];
            subject.run == run && subject.device == device
        };
        self.cells.iter().filter(own).map(left).sum()
    }

    /// Whether all models have random weights; `None` where some have.
    pub fn synthetic(&self) -> Option<bool> {
        let count = self.subjects.iter().filter(|subject| subject.weights == "synthetic").count();
        (count == 0 || count == self.subjects.len()).then_some(count > 0)
    }

    /// Gives every subject a name that no other has: the model's, with what tells
    /// it from others of the same name. Of several engines each is named, since a model
    /// has another name under each.
    pub fn name_subjects(&mut self) {
        const BACKEND: usize = 2;
        const RUN: usize = 4;
        let parts = |subject: &Subject| {
            let run = self.runs.get(subject.run).map_or("", |run| run.id.as_str());
            [&subject.quant, &subject.device, &subject.backend, &subject.weights, run].map(str::to_owned)
        };
        let all: Vec<(String, [String; 5])> =
            self.subjects.iter().map(|subject| (subject.model.clone(), parts(subject))).collect();
        for (subject, (model, own)) in self.subjects.iter_mut().zip(&all) {
            let others = || all.iter().filter(|(name, _)| name == model);
            let differs = |i: usize, (_, other): &(String, [String; 5])| other[i] != own[i];
            // The run says little to a reader: only where nothing else tells them apart.
            let is_alone = others().filter(|(_, other)| other[..RUN] == own[..RUN]).count() == 1;
            let tells = |&i: &usize| match i {
                BACKEND => all.iter().any(|other| differs(i, other)),
                RUN => !is_alone && others().any(|other| differs(i, other)),
                _ => others().any(|other| differs(i, other)),
            };
            let telling = (0..own.len()).filter(tells).map(|i| own[i].as_str());
            subject.label = std::iter::once(model.as_str()).chain(telling).collect::<Vec<_>>().join(" · ");
        }
    }
}

impl Subject {
    /// Whether it is this model of a plan; the run must be the plan's.
    pub fn is_of(&self, planned: &PlannedModel) -> bool {
        self.model == planned.name && self.quant == planned.quant && self.backend == planned.engine.into_str()
    }

    /// Its name where it is said which device is meant.
    pub fn label_at_home(&self) -> String {
        // A label is the model, then what tells it from others, the device among it.
        let mut parts = self.label.split(" · ");
        let model = parts.next().into_iter();
        model.chain(parts.filter(|part| *part != self.device)).collect::<Vec<_>>().join(" · ")
    }
}

impl Measured {
    /// Whether the figures are of trials that are not to be trusted.
    pub fn is_doubtful(&self) -> bool {
        self.cell.n_valid == Some(0) && self.cell.n_completed.is_some_and(|n| n > 0)
    }

    /// Input tokens: the mean of the cell's prompts, else what was planned.
    pub fn tokens_in(&self) -> f64 {
        self.cell.n_in.unwrap_or_else(|| nominal(self.cell.key.context))
    }
}

/// Tokens of a context length, about, where nothing was measured.
pub(crate) fn nominal(context: Context) -> f64 {
    match context {
        Context::Chunks(chunks) => 10.0 + 200.0 * f64::from(chunks),
        Context::Tokens(tokens) => f64::from(tokens),
        Context::Unknown => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(subjects: &[[&str; 4]]) -> Vec<String> {
        let subject = |&[model, quant, device, backend]: &[&str; 4]| Subject {
            run: 0,
            device: device.into(),
            soc: None,
            backend: backend.into(),
            model: model.into(),
            weights: "synthetic".into(),
            quant: quant.into(),
            params: None,
            label: String::new(),
            ready: None,
            threads: None,
            loads_s: Vec::new(),
            sample: None,
        };
        let mut model = Model { subjects: subjects.iter().map(subject).collect(), ..Model::default() };
        model.name_subjects();
        model.subjects.into_iter().map(|subject| subject.label).collect()
    }

    #[test]
    fn of_several_engines_each_is_named() {
        assert_eq!(
            labels(&[["a", "q4_0", "s24", "llama.cpp"], ["b", "q4_0", "s24", "llama.cpp"]]),
            ["a", "b"]
        );
        let mixed = [["a", "q4_0", "s24", "llama.cpp"], ["a-MLC", "q4f16_1", "s24", "tvm-relax-vm"]];
        assert_eq!(labels(&mixed), ["a · llama.cpp", "a-MLC · tvm-relax-vm"]);
    }

    #[test]
    fn a_model_that_differs_in_two_ways_is_named_by_both() {
        let two = ["s24", "s25"].map(|device| ["q4_0", "f16"].map(|quant| ["a", quant, device, "llama.cpp"]));
        let names = labels(two.as_flattened());
        assert_eq!(names, ["a · q4_0 · s24", "a · f16 · s24", "a · q4_0 · s25", "a · f16 · s25"]);
    }
}
