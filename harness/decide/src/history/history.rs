//! The history of sweeps.

use super::{
    Change, Course, Series, Skipped, Spread, Step, Sweep, Sweeps, judge::judge, series::series,
    steps::NoShifts,
};
use slm_results::read::{Key, Metric};
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
    /// Series that were tested, and corrected for together.
    pub tested: usize,
}

/// What changed before a sweep, for the same devices and models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Index of the sweep.
    pub sweep: usize,
    /// On which devices.
    pub devices: BTreeSet<String>,
    /// For which models; none where it holds for all that the sweep ran there.
    pub models: BTreeSet<String>,
    /// What.
    pub changes: Vec<Change>,
}

impl Event {
    /// Whether it concerns a series.
    pub fn concerns(&self, series: &Series) -> bool {
        let Key { device, model, .. } = &series.key.cell;
        self.devices.contains(device) && (self.models.is_empty() || self.models.contains(model))
    }
}

impl History {
    /// Puts sweeps together and judges every series; of some metrics only where any are named.
    pub fn of(sweeps: Sweeps, metrics: &[Metric]) -> Self {
        let Sweeps { sweeps, skipped } = sweeps;
        let mut series = series(&sweeps);
        series.retain(|series| metrics.is_empty() || metrics.contains(&series.key.metric));
        let tested = judge(&mut series, &sweeps, &mut NoShifts::default());
        let events = events(&series);
        Self { sweeps, skipped, series, events, tested }
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

    /// What equal sweeps differ by, by metric: pooled over series, each about its own course, so that steps
    /// and drifts count for nothing. Of series with too few sweeps to tell a course, those in which nothing is
    /// known to have changed. A metric that no series has in two sweeps is not there.
    pub fn spread(&self) -> BTreeMap<Metric, Spread> {
        let mut all: BTreeMap<Metric, Spread> = BTreeMap::new();
        for series in &self.series {
            let parameters = match &series.course {
                Course::TooFew | Course::Steady => 1,
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

/// Devices and models.
type Where<'a> = BTreeSet<(&'a str, &'a str)>;

/// The changes before each sweep, those of the same devices and models together.
fn events(series: &[Series]) -> Vec<Event> {
    let mut ran: BTreeMap<usize, Where<'_>> = BTreeMap::new();
    let mut changed: BTreeMap<(usize, &Change), Where<'_>> = BTreeMap::new();
    for series in series {
        let own = (series.key.cell.device.as_str(), series.key.cell.model.as_str());
        // The first sweep of a series has none before it to differ from.
        for point in series.points.iter().skip(1) {
            ran.entry(point.sweep).or_default().insert(own);
            for change in &point.changes {
                changed.entry((point.sweep, change)).or_default().insert(own);
            }
        }
    }
    let mut all: BTreeMap<(usize, BTreeSet<String>, BTreeSet<String>), Vec<Change>> = BTreeMap::new();
    for ((sweep, change), found) in changed {
        let devices: BTreeSet<String> = found.iter().map(|(device, _)| (*device).to_owned()).collect();
        let is_all =
            ran[&sweep].iter().filter(|(device, _)| devices.contains(*device)).count() == found.len();
        let models =
            if is_all { BTreeSet::new() } else { found.iter().map(|own| own.1.to_owned()).collect() };
        all.entry((sweep, devices, models)).or_default().push(change.clone());
    }
    let event = |((sweep, devices, models), changes)| Event { sweep, devices, models, changes };
    all.into_iter().map(event).collect()
}
