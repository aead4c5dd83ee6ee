//! Progress of a sweep on stderr: on a terminal one bar for the sweep and for each
//! device a line with its trial and live rates; elsewhere one plain line a trial.

use super::{is_interactive, note};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use slm_plan::{
    Plan, PlannedModel, PlannedTrial,
    text::{clean, figure, seconds},
    trial_cost,
};
use slm_protocol::{Calibration, TrialOutcome, TrialReport};
use slm_results::{
    analysis::Metrics,
    schema::{Status, Verdict},
};
use slm_sweep::store::{SweepEvent, Tables};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Instant,
};

/// Shows a sweep's events.
pub struct Progress {
    bars: Option<Bars>,
    position: HashMap<String, usize>,
    total: usize,
    done: usize,
    devices: BTreeMap<String, DeviceProgress>,
    started: Instant,
    /// Notes of agents that were shown: every agent of a device has the same.
    notes: HashSet<String>,
}

/// What is drawn on a terminal.
struct Bars {
    sweep: ProgressBar,
    devices: BTreeMap<String, ProgressBar>,
}

/// How far a device is.
#[derive(Default)]
struct DeviceProgress {
    /// Trials that have their row.
    done: usize,
    /// Forecast of what this run has done and of what is left, seconds.
    done_cost: f64,
    left_cost: f64,
}

impl Progress {
    /// Starts showing; `tables` knows what earlier runs did.
    pub fn new(plan: &Plan, tables: &Tables) -> Self {
        let progress = |device: &String| {
            let left = tables.remaining(device);
            let left_cost = left.iter().map(|&trial| trial_cost(plan, &plan.trials[trial])).sum();
            let done = plan.trials.len() - left.len();
            (device.clone(), DeviceProgress { done, done_cost: 0.0, left_cost })
        };
        let devices: BTreeMap<String, DeviceProgress> = plan.input.devices.iter().map(progress).collect();
        let total = devices.len() * plan.trials.len();
        let done = devices.values().map(|progress| progress.done).sum();
        let position =
            plan.trials.iter().enumerate().map(|(index, trial)| (trial.id.clone(), index)).collect();
        let bars = is_interactive().then(|| bars(&plan.input.devices, total, done));
        Self { bars, position, total, done, devices, started: Instant::now(), notes: HashSet::new() }
    }

    /// Shows one event.
    pub fn show(&mut self, plan: &Plan, tables: &Tables, event: &SweepEvent) {
        match event {
            SweepEvent::AgentStarted { device, model, .. } => {
                self.trial_line(plan, device, &format!("loading {}", model_name(plan, *model)));
            }
            SweepEvent::ModelReady { device, model, ready } => {
                let name = model_name(plan, *model);
                let seconds = ready.load.ready_ns as f64 / 1e9;
                self.line(&format!("{}{name}: loaded in {seconds:.2} s", self.on(device)));
                for note in &ready.notes {
                    let note = format!("{}{}", self.on(device), clean(note));
                    if self.notes.insert(note.clone()) {
                        self.line(&note);
                    }
                }
                if let Some(calibration) = &ready.calibration {
                    self.line(&format!("{}{}", self.on(device), calibrated(&name, calibration)));
                }
            }
            SweepEvent::CoolDown { device, report } => {
                let waited = seconds(report.waited_ms as f64 / 1e3);
                let how = if report.reached { "" } else { ", still too hot" };
                let (from, to) = (report.from_c, report.to_c);
                self.line(&format!("{}waited {waited}, from {from:.1} to {to:.1} C{how}", self.on(device)));
            }
            SweepEvent::TrialStarted { device, trial_id } => {
                let what = self
                    .trial(plan, trial_id)
                    .map_or_else(|| "warming up".into(), |trial| trial_name(plan, trial));
                self.trial_line(plan, device, &what);
            }
            SweepEvent::Progress { device, progress } => {
                let what = self
                    .trial(plan, &progress.trial_id)
                    .map_or_else(String::new, |trial| trial_name(plan, trial));
                let itps = f64::from(progress.n_in) / (progress.prefill_ns as f64 / 1e9);
                let otps = f64::from(progress.n_out.saturating_sub(1)) / (progress.decode_ns as f64 / 1e9);
                let (itps, otps) = (figure(itps), figure(otps));
                // In the order of their weight: a narrow terminal cuts the end.
                let text = format!("{what}: OTPS {otps}, ITPS {itps}, {} out", progress.n_out);
                self.trial_line(plan, device, &text);
            }
            SweepEvent::TrialFinished { device, report } => {
                let Some(trial) = self.trial(plan, &report.trial_id) else { return };
                let mark = self.mark(tables, device, report);
                let text = format!("{}: {}", trial_name(plan, trial), outcome(report, mark.as_deref()));
                self.finished(plan, device, trial, &text, mark.as_deref());
            }
            SweepEvent::TrialLost { device, trial_id, failure, evidence, status } => {
                let Some(trial) = self.trial(plan, trial_id) else { return };
                let what = if *status == Status::Skipped { "skipped" } else { "failed" };
                let mark = format!("{what}, {failure}: {}", clean(evidence));
                // Not the trial's end, and the same for all that the device had left: said once.
                if event.is_provisional() {
                    let mark = format!("{}{mark}", self.on(device));
                    if self.notes.insert(mark.clone()) {
                        self.line(&mark);
                    }
                    return;
                }
                self.finished(
                    plan,
                    device,
                    trial,
                    &format!("{}: {mark}", trial_name(plan, trial)),
                    Some(&mark),
                );
            }
            SweepEvent::DeviceLost { device, reason } => {
                // Nothing is to be waited for.
                if let Some(progress) = self.devices.get_mut(device) {
                    progress.left_cost = 0.0;
                }
                let text = format!("lost: {}", clean(reason));
                self.trial_line(plan, device, &text);
                self.line(&format!("{}{text}", self.on(device)));
            }
            SweepEvent::Started { .. }
            | SweepEvent::Ended { .. }
            | SweepEvent::DevicePrepared { .. }
            | SweepEvent::DeviceLeft { .. }
            | SweepEvent::Probed { .. }
            | SweepEvent::Telemetry { .. } => {}
        }
    }

    /// Takes the bars away.
    pub fn clear(&self) {
        if let Some(bars) = &self.bars {
            bars.devices.values().for_each(ProgressBar::finish_and_clear);
            bars.sweep.finish_and_clear();
        }
    }

    /// Begins a line that is of one device, where there are several.
    fn on(&self, device: &str) -> String {
        if self.devices.len() > 1 { format!("{}: ", clean(device)) } else { String::new() }
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
                Some(format!("{verdict}: {}", row.verdict_reason.as_deref().unwrap_or_default()))
            }
        }
    }

    /// A terminal shows only what is marked; a log gets a line for each trial.
    fn finished(&mut self, plan: &Plan, device: &str, trial: &PlannedTrial, text: &str, mark: Option<&str>) {
        let cost = trial_cost(plan, trial);
        self.done += 1;
        if let Some(progress) = self.devices.get_mut(device) {
            progress.done += 1;
            progress.done_cost += cost;
            progress.left_cost -= cost;
        }
        match &self.bars {
            Some(bars) => {
                bars.sweep.set_message(self.eta());
                bars.sweep.set_position(self.done as u64);
                if let Some(mark) = mark {
                    self.line(&format!("{}{}: {mark}", self.on(device), trial_name(plan, trial)));
                }
            }
            None => note(&format!("[{}/{}] {}{text}", self.done, self.total, self.on(device))),
        }
    }

    /// What is left by the forecast, corrected by how the forecast did so far on each
    /// device; the slowest one decides.
    fn eta(&self) -> String {
        let elapsed = self.started.elapsed().as_secs_f64();
        let begun = self.devices.values().filter(|progress| progress.done_cost > 0.0);
        let left = begun.map(|progress| progress.left_cost.max(0.0) * elapsed / progress.done_cost);
        format!("about {} left", seconds(left.fold(0.0, f64::max)))
    }

    fn line(&self, text: &str) {
        match &self.bars {
            Some(bars) => bars.sweep.println(text),
            None => note(text),
        }
    }

    fn trial_line(&self, plan: &Plan, device: &str, text: &str) {
        let Some(line) = self.bars.as_ref().and_then(|bars| bars.devices.get(device)) else { return };
        let progress = self.devices.get(device).filter(|_| self.devices.len() > 1);
        let share = progress.map(|progress| format!("{}/{} ", progress.done, plan.trials.len()));
        line.set_message(format!("{}{}{text}", self.on(device), share.unwrap_or_default()));
    }
}

/// What a calibration tried, in tokens per second.
fn calibrated(name: &str, calibration: &Calibration) -> String {
    let tried = calibration
        .steps
        .iter()
        .map(|step| format!("{} {}", step.threads, figure(1e9 / step.median_ns.max(1) as f64)));
    let tried: Vec<String> = tried.collect();
    format!("{name}: {} threads decode fastest (tokens/s: {})", calibration.threads, tried.join(", "))
}

fn bars(devices: &[String], total: usize, done: usize) -> Bars {
    let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(5));
    let style =
        |template| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let sweep =
        all.add(ProgressBar::new(total as u64).with_style(style("{bar:28} {pos}/{len} trials  {wide_msg}")));
    sweep.set_position(done as u64);
    let line = || all.add(ProgressBar::no_length().with_style(style("{wide_msg}")));
    let devices = devices.iter().map(|device| (device.clone(), line())).collect();
    Bars { sweep, devices }
}

fn model_name(plan: &Plan, model: usize) -> String {
    let named =
        |model: &PlannedModel| slm_plan::model_name(plan, &model.name, &model.quant, model.engine.into_str());
    plan.input.models.get(model).map_or_else(String::new, named)
}

fn trial_name(plan: &Plan, trial: &PlannedTrial) -> String {
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

/// A bar for work in steps, hidden where progress cannot be drawn.
pub(super) fn count_bar() -> ProgressBar {
    if !is_interactive() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:28} {pos}/{len} tensors {msg}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5)).with_style(style)
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
