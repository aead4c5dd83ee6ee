//! The history of sweeps.

use super::{
    Change, Course, Series, Skipped, Spread, Step, Sweep, Sweeps, judge::judge, series::series,
    steps::NoShifts,
};
use slm_results::read::Metric;
use std::collections::{BTreeMap, BTreeSet};

/// The history of sweeps.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The sweeps, by time.
    pub sweeps: Vec<Sweep>,
    /// Folders that could not be read.
    pub skipped: Vec<Skipped>,
    /// Every figure over time.
    pub series: Vec<Series>,
    /// Sweeps before which something changed that may bear on figures.
    pub events: Vec<Event>,
    /// Tests corrected for together.
    pub tests: usize,
}

/// What changed before a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Index of the sweep.
    pub sweep: usize,
    /// On which device.
    pub device: String,
    /// What.
    pub changes: Vec<Change>,
}

impl History {
    /// Puts sweeps together and judges every series; of some metrics only where any are named.
    pub fn of(sweeps: Sweeps, metrics: &[Metric]) -> Self {
        let Sweeps { sweeps, skipped } = sweeps;
        let mut series = series(&sweeps);
        series.retain(|series| metrics.is_empty() || metrics.contains(&series.key.metric));
        let tests = judge(&mut series, &sweeps, &mut NoShifts::default());
        let events = events(&series);
        Self { sweeps, skipped, series, events, tests }
    }

    /// Series of which something can be told, and how many of them changed.
    pub fn counts(&self) -> (usize, usize) {
        let told = self.series.iter().filter(|series| series.course != Course::TooFew);
        let changed = told.clone().filter(|series| series.course != Course::Steady);
        (told.count(), changed.count())
    }

    /// All steps with their series, by time.
    pub fn steps(&self) -> Vec<(&Series, &Step)> {
        let of = |series| Series::steps(series).iter().map(move |step| (series, step));
        let mut steps: Vec<(&Series, &Step)> = self.series.iter().flat_map(of).collect();
        steps.sort_by_key(|(series, step)| series.points[step.at].sweep);
        steps
    }

    /// The series that drift.
    pub fn drifts(&self) -> impl Iterator<Item = &Series> {
        self.series.iter().filter(|series| series.course == Course::Drift)
    }

    /// What one sweep differs from the next where nothing changed, by metric.
    pub fn spread(&self) -> BTreeMap<Metric, Spread> {
        let mut all: BTreeMap<Metric, Spread> = BTreeMap::new();
        for series in &self.series {
            let parameters = match &series.course {
                Course::TooFew => continue,
                Course::Steady => 1,
                Course::Drift => 2,
                Course::Steps(steps) => 1 + steps.len(),
            };
            let freedom = series.sound().len().saturating_sub(parameters);
            if let Some(deviation) = series.deviation.filter(|_| freedom > 0) {
                all.entry(series.key.metric).or_default().add(deviation.powi(2) * freedom as f64, freedom);
            }
        }
        all
    }
}

/// The changes before each sweep on each device, each once.
fn events(series: &[Series]) -> Vec<Event> {
    let mut all: BTreeMap<(usize, &str), BTreeSet<&Change>> = BTreeMap::new();
    for series in series {
        for point in series.points.iter().filter(|point| !point.changes.is_empty()) {
            all.entry((point.sweep, &series.key.cell.device)).or_default().extend(&point.changes);
        }
    }
    let event = |((sweep, device), changes): ((usize, &str), BTreeSet<&Change>)| Event {
        sweep,
        device: device.to_owned(),
        changes: changes.into_iter().cloned().collect(),
    };
    all.into_iter().map(event).collect()
}
