//! `trials.csv`, streamed: a row takes 20 bytes in memory.

use super::tokens::Sampled;
use crate::data::{FigureName, Measured, Moment, Point, ReportData, Tally};
use slm_plan::error::Result;
use slm_protocol::FigureScope;
use slm_results::{
    read::{self, Context},
    schema::{FigureRow, Status, TrialRow, Verdict},
};
use std::{collections::BTreeMap, iter, path::Path};

/// Moments kept at most.
const MOMENTS: usize = 4_000;
/// Kinds of reasons that are counted at most.
const REASONS: usize = 200;

/// Reads the trials of a run into its cells, which begin at `first` (subject and
/// cell).
pub(super) fn read(
    data: &mut ReportData,
    run: usize,
    first: (usize, usize),
    folder: &Path,
    mut sampled: Sampled,
) -> Result<()> {
    let mut reader = Reader::new(data, run, first);
    // Those of runs are of the device, not of the engine.
    let is_of_trial =
        |figure: &Result<FigureRow>| figure.as_ref().map_or(true, |figure| figure.scope != FigureScope::Run);
    let mut figures = read::rows::<FigureRow>(folder)?.filter(is_of_trial).peekable();
    for trial in read::rows::<TrialRow>(folder)? {
        let trial = trial?;
        // They stand in the order of their trials.
        let is_own = |figure: &Result<FigureRow>| {
            figure
                .as_ref()
                .map_or(true, |figure| figure.trial_id == trial.trial_id && figure.device == trial.device)
        };
        let own = iter::from_fn(|| figures.next_if(is_own)).collect::<Result<Vec<_>>>()?;
        reader.take(&trial, own, &mut sampled);
    }
    reader.finish();
    Ok(())
}

struct Reader<'a> {
    data: &'a mut ReportData,
    run: usize,
    first: (usize, usize),
    /// The subject of the last row: models come one after another.
    subject: usize,
    cells: Vec<(Context, usize)>,
    tpot: BTreeMap<usize, ([f64; 3], f64)>,
    rows: usize,
    stride: usize,
}

impl<'a> Reader<'a> {
    fn new(data: &'a mut ReportData, run: usize, first: (usize, usize)) -> Self {
        let tpot = BTreeMap::new();
        Self { data, run, first, subject: usize::MAX, cells: Vec::new(), tpot, rows: 0, stride: 1 }
    }

    fn take(&mut self, trial: &TrialRow, own: Vec<FigureRow>, sampled: &mut Sampled) {
        let Some(index) = self.find(trial) else { return };
        if trial.threads.is_some() {
            self.data.subjects[self.subject].threads = trial.threads;
        }
        if let Some(load) = trial.load_s {
            let loads = &mut self.data.subjects[self.subject].loads_s;
            if !loads.iter().any(|known| (known - load).abs() < 1e-9) && loads.len() < 100 {
                loads.push(load);
            }
        }
        if trial.warmup {
            return;
        }
        let measured = &mut self.data.cells[index];
        if trial.status != Status::Completed {
            if let Some(failure) = trial.failure {
                count(
                    measured.failures.entry(failure).or_default(),
                    trial.verdict_reason.as_deref().unwrap_or_default(),
                );
            }
            return;
        }
        let verdict = trial.verdict.unwrap_or(Verdict::Valid);
        measured.trials.push(point(trial, verdict));
        for figure in own.into_iter().filter(|_| verdict == Verdict::Valid) {
            let name = FigureName { scope: figure.scope, name: figure.name, unit: figure.unit };
            measured.own_figures.entry(name).or_default().add(figure.value);
        }
        if measured.tokens_ms.len() < 200
            && let Some(latencies) = sampled.take(&trial.device, &trial.trial_id)
        {
            measured.tokens_ms.push(latencies);
        }
        self.add_percentiles(index, trial);
        self.add_moment(index, trial, verdict);
        if verdict != Verdict::Valid {
            self.add_doubt(trial);
        }
    }

    /// The cell of a trial.
    fn find(&mut self, trial: &TrialRow) -> Option<usize> {
        let (run, is_new) = (self.run, self.subject == usize::MAX);
        if is_new || !self.data.subjects[self.subject].is(run, trial) {
            let own = self.data.subjects.iter().enumerate().skip(self.first.0);
            self.subject = own.into_iter().find(|(_, subject)| subject.is(run, trial))?.0;
            let cells = self.data.cells.iter().enumerate().skip(self.first.1);
            self.cells = cells
                .filter(|(_, measured)| measured.subject == self.subject)
                .map(|(index, measured)| (measured.cell.key.context, index))
                .collect();
        }
        let context = trial.context().ok()?;
        self.cells.iter().find(|(known, _)| *known == context).map(|(_, index)| *index)
    }

    fn add_percentiles(&mut self, index: usize, trial: &TrialRow) {
        if let (Some(p50), Some(p90), Some(p99)) = (trial.tpot_p50_ms, trial.tpot_p90_ms, trial.tpot_p99_ms) {
            let (sums, n) = self.tpot.entry(index).or_default();
            for (sum, value) in sums.iter_mut().zip([p50, p90, p99]) {
                *sum += value;
            }
            *n += 1.0;
        }
    }

    /// Keeps every trial, then every second, fourth…
    fn add_moment(&mut self, cell: usize, trial: &TrialRow, verdict: Verdict) {
        self.rows += 1;
        if !self.rows.is_multiple_of(self.stride) {
            return;
        }
        let (Some(otps), Some(started)) = (trial.otps, trial.started_at) else { return };
        let at_s = started.unix_s();
        let moments = &mut self.data.runs[self.run].moments;
        moments.push(Moment { at_s, subject: self.subject, cell, otps: narrow(Some(otps)), verdict });
        if moments.len() > MOMENTS {
            let mut keep = false;
            moments.retain(|_| {
                keep = !keep;
                keep
            });
            self.stride *= 2;
        }
    }

    fn add_doubt(&mut self, trial: &TrialRow) {
        let doubts = &mut self.data.runs[self.run].doubts;
        for reason in trial.verdict_reason.as_deref().unwrap_or_default().split("; ") {
            // Reasons of one kind differ in their numbers.
            let kind: String = reason.chars().filter(|c| !c.is_ascii_digit()).take(120).collect();
            let kind = (trial.device.clone(), kind);
            if doubts.len() < REASONS || doubts.contains_key(&kind) {
                count(doubts.entry(kind).or_default(), reason);
            }
        }
    }

    fn finish(self) {
        for (index, (sums, n)) in self.tpot {
            self.data.cells[index].tpot_ms = Some(sums.map(|sum| sum / n));
        }
        let shrink = |measured: &mut Measured| measured.trials.shrink_to_fit();
        self.data.cells[self.first.1..].iter_mut().for_each(shrink);
    }
}

fn count(tally: &mut Tally, words: &str) {
    tally.count += 1;
    if tally.count == 1 {
        tally.example = words.chars().take(400).collect();
    }
}

fn point(trial: &TrialRow, verdict: Verdict) -> Point {
    Point {
        itps: narrow(trial.itps),
        otps: narrow(trial.otps),
        ttft_s: narrow(trial.ttft_s),
        runtime_s: narrow(trial.runtime_s),
        verdict,
    }
}

/// Seven digits are enough for a plot and a percentile.
#[expect(clippy::cast_possible_truncation, reason = "the loss of digits is meant")]
fn narrow(value: Option<f64>) -> f32 {
    value.map_or(f32::NAN, |value| value as f32)
}
