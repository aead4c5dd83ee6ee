//! Progress of a sweep on stderr: on a terminal one bar for the sweep and one
//! line for the trial with live rates; elsewhere one plain line a trial.

use super::{clean, figure, is_interactive, note, seconds};
use crate::{
    analysis::{Metrics, Verdict},
    plan::{Plan, PlannedTrial, trial_cost},
    store::{SweepEvent, Tables},
};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use slm_protocol::{TrialOutcome, TrialReport};
use std::{collections::HashMap, time::Instant};

/// Shows a sweep's events.
pub struct Progress {
    bars: Option<(ProgressBar, ProgressBar)>,
    position: HashMap<String, usize>,
    total: usize,
    done: usize,
    /// Forecast of what this run has done and of what is left, seconds.
    done_cost: f64,
    left_cost: f64,
    started: Instant,
}

impl Progress {
    /// Starts showing; `tables` knows what earlier runs did.
    pub fn new(plan: &Plan, tables: &Tables) -> Self {
        let devices = &plan.input.devices;
        let pairs =
            || devices.iter().flat_map(|device| (0..plan.trials.len()).map(move |trial| (device, trial)));
        let is_left = |&(device, trial): &(&String, usize)| !tables.is_done(device, trial);
        let left_cost = pairs().filter(is_left).map(|(_, trial)| trial_cost(plan, &plan.trials[trial])).sum();
        let total = devices.len() * plan.trials.len();
        let done = total - pairs().filter(is_left).count();
        let position =
            plan.trials.iter().enumerate().map(|(index, trial)| (trial.id.clone(), index)).collect();
        let bars = is_interactive().then(|| bars(total, done));
        Self { bars, position, total, done, done_cost: 0.0, left_cost, started: Instant::now() }
    }

    /// Shows one event.
    pub fn show(&mut self, plan: &Plan, tables: &Tables, event: &SweepEvent) {
        match event {
            SweepEvent::AgentStarted { model, .. } => {
                self.trial_line(format!("loading {}", model_name(plan, *model)));
            }
            SweepEvent::ModelReady { model, ready, .. } => {
                let name = model_name(plan, *model);
                let text = format!("{name}: loaded in {:.2} s", ready.load.ready_ns as f64 / 1e9);
                self.line(&text);
            }
            SweepEvent::TrialStarted { trial_id, .. } => {
                let what =
                    self.trial(plan, trial_id).map_or_else(|| "warming up".into(), |trial| name(plan, trial));
                self.trial_line(what);
            }
            SweepEvent::Progress { progress, .. } => {
                let what =
                    self.trial(plan, &progress.trial_id).map_or_else(String::new, |trial| name(plan, trial));
                let itps = f64::from(progress.n_in) / (progress.prefill_ns as f64 / 1e9);
                let otps = f64::from(progress.n_out.saturating_sub(1)) / (progress.decode_ns as f64 / 1e9);
                self.trial_line(format!(
                    "{what}: ITPS {}, {} tokens out, OTPS {}",
                    figure(itps),
                    progress.n_out,
                    figure(otps)
                ));
            }
            SweepEvent::TrialFinished { device, report } => {
                let Some(trial) = self.trial(plan, &report.trial_id) else { return };
                let mark = self.mark(tables, device, report);
                let text = format!("{}: {}", name(plan, trial), outcome(report, mark.as_deref()));
                self.finished(plan, trial, &text, mark.as_deref());
            }
            SweepEvent::TrialLost { trial_id, failure, evidence, status, .. } => {
                let Some(trial) = self.trial(plan, trial_id) else { return };
                let what = if *status == crate::analysis::Status::Skipped { "skipped" } else { "failed" };
                let mark = format!("{what}, {failure}: {}", clean(evidence));
                self.finished(plan, trial, &format!("{}: {mark}", name(plan, trial)), Some(&mark));
            }
            SweepEvent::RunStarted { .. } | SweepEvent::RunEnded { .. } | SweepEvent::Telemetry { .. } => {}
        }
    }

    /// Takes the bars away.
    pub fn clear(&self) {
        if let Some((sweep, trial)) = &self.bars {
            trial.finish_and_clear();
            sweep.finish_and_clear();
        }
    }

    fn trial<'p>(&self, plan: &'p Plan, trial_id: &str) -> Option<&'p PlannedTrial> {
        self.position.get(trial_id).map(|&index| &plan.trials[index])
    }

    /// What is wrong with a trial, if anything is.
    fn mark(&self, tables: &Tables, device: &str, report: &TrialReport) -> Option<String> {
        if let TrialOutcome::Failed { failure, message } = &report.outcome {
            return Some(format!("failed, {failure}: {}", clean(message)));
        }
        let row = tables.row(device, *self.position.get(&report.trial_id)?)?;
        match row.verdict {
            Some(Verdict::Valid) | None => None,
            Some(verdict) => {
                Some(format!("{}: {}", verdict.name(), row.verdict_reason.as_deref().unwrap_or_default()))
            }
        }
    }

    /// A terminal shows only what is marked; a log gets a line for each trial.
    fn finished(&mut self, plan: &Plan, trial: &PlannedTrial, text: &str, mark: Option<&str>) {
        let cost = trial_cost(plan, trial);
        self.done += 1;
        self.done_cost += cost;
        self.left_cost -= cost;
        match &self.bars {
            Some((sweep, _)) => {
                sweep.set_message(self.eta());
                sweep.set_position(self.done as u64);
                if let Some(mark) = mark {
                    sweep.println(format!("{}: {mark}", name(plan, trial)));
                }
            }
            None => note(&format!("[{}/{}] {text}", self.done, self.total)),
        }
    }

    /// What is left by the forecast, corrected by how the forecast did so far.
    fn eta(&self) -> String {
        let pace = self.started.elapsed().as_secs_f64() / self.done_cost.max(1e-6);
        format!("about {} left", seconds(self.left_cost.max(0.0) * pace))
    }

    fn line(&self, text: &str) {
        match &self.bars {
            Some((sweep, _)) => sweep.println(text),
            None => note(text),
        }
    }

    fn trial_line(&self, text: String) {
        if let Some((_, trial)) = &self.bars {
            trial.set_message(text);
        }
    }
}

fn bars(total: usize, done: usize) -> (ProgressBar, ProgressBar) {
    let both = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(5));
    let style =
        |template| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let sweep =
        both.add(ProgressBar::new(total as u64).with_style(style("{bar:28} {pos}/{len} trials  {wide_msg}")));
    let trial = both.add(ProgressBar::no_length().with_style(style("{wide_msg}")));
    sweep.set_position(done as u64);
    (sweep, trial)
}

fn model_name(plan: &Plan, model: usize) -> String {
    plan.input.models.get(model).map_or_else(String::new, |model| clean(&model.name))
}

fn name(plan: &Plan, trial: &PlannedTrial) -> String {
    let prompt = clean(&plan.input.prompts[trial.prompt].id);
    let run = if trial.warmup { "warm-up".into() } else { format!("run {}", trial.repetition) };
    format!("{} {prompt} {run}", model_name(plan, trial.model))
}

fn outcome(report: &TrialReport, mark: Option<&str>) -> String {
    if let (TrialOutcome::Failed { .. }, Some(mark)) = (&report.outcome, mark) {
        return mark.to_owned();
    }
    let metrics = Metrics::of(report);
    let number = |value: Option<f64>| value.map_or_else(|| "-".into(), figure);
    let n_out = report.output.as_ref().map_or(0, |output| output.n_out);
    let mark = mark.map(|mark| format!(", {mark}")).unwrap_or_default();
    format!(
        "{} in, {n_out} out, TTFT {} s, ITPS {}, OTPS {}, runtime {} s{mark}",
        report.n_in.unwrap_or(0),
        number(metrics.ttft_s),
        number(metrics.itps),
        number(metrics.otps),
        number(metrics.runtime_s),
    )
}

/// A bar for bytes; hidden where progress cannot be drawn.
pub fn byte_bar() -> ProgressBar {
    if !is_interactive() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:28} {bytes}/{total_bytes} {bytes_per_sec}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5)).with_style(style)
}
