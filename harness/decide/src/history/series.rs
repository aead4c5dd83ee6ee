//! A figure over time.

use super::{Change, Conditions, Course, Step, Sweep, Trend};
use slm_results::read::{Estimate, Key, Metric};
use std::collections::BTreeMap;

/// What tells one series from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeriesKey {
    /// Device, engine, model, weights, quantization, context.
    pub cell: Key,
    /// Compute threads.
    pub threads: Option<u32>,
    /// The figure.
    pub metric: Metric,
}

/// A sweep's figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Index of the sweep.
    pub sweep: usize,
    /// The figure with its interval.
    pub estimate: Estimate,
    /// Its cell has no valid trial: it is shown, but not tested.
    pub doubtful: bool,
    /// It stands far from its neighbours, alone or in a pair: it is tested as if it were nearer.
    pub outlier: bool,
    /// What changed since the point before.
    pub changes: Vec<Change>,
}

/// A figure over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Which one.
    pub key: SeriesKey,
    /// By time.
    pub points: Vec<Point>,
    /// How it rises or falls over the whole time; `None` with fewer than five points to test.
    pub trend: Option<Trend>,
    /// p that it has one level, not corrected for anything; `None` with fewer than six.
    pub shift_p: Option<f64>,
    /// p that nothing changed: of a trend's and a shift's the smaller, doubled since it is chosen among two.
    pub p: Option<f64>,
    /// The same, corrected for all series of the history.
    pub p_adjusted: Option<f64>,
    /// What is made of it.
    pub course: Course,
    /// Standard deviation of a sweep about the course, of logarithms. With too few points to tell a course,
    /// about their mean, if nothing is known to have changed between them.
    pub deviation: Option<f64>,
}

impl Series {
    /// The figure's change as a factor from the first to the last point.
    pub fn total(&self) -> Option<f64> {
        let figure = |point: Option<&Point>| Some(point?.estimate.mean);
        Some(figure(self.points.last())? / figure(self.points.first())?)
    }

    /// Whether a factor makes the figure worse.
    pub fn is_worse(&self, factor: f64) -> bool {
        (factor < 1.0) == self.key.metric.more_is_better()
    }

    /// Its steps.
    pub fn steps(&self) -> &[Step] {
        match &self.course {
            Course::Steps(steps) => steps,
            Course::TooFew | Course::Steady | Course::Drift => &[],
        }
    }

    /// Indexes of the points that are tested.
    pub(super) fn sound(&self) -> Vec<usize> {
        (0..self.points.len()).filter(|&i| !self.points[i].doubtful).collect()
    }
}

/// The series of all cells of the sweeps, in the order of keys.
pub(super) fn series(sweeps: &[Sweep]) -> Vec<Series> {
    let mut points: BTreeMap<SeriesKey, Vec<Point>> = BTreeMap::new();
    let mut last: BTreeMap<SeriesKey, Conditions> = BTreeMap::new();
    for (index, sweep) in sweeps.iter().enumerate() {
        for cell in &sweep.cells {
            let (threads, conditions) = (sweep.threads(&cell.key), sweep.conditions(&cell.key));
            for metric in Metric::ALL {
                let Some(estimate) = cell.estimate(metric).filter(|estimate| estimate.mean > 0.0) else {
                    continue;
                };
                let key = SeriesKey { cell: cell.key.clone(), threads, metric };
                let before = last.insert(key.clone(), conditions.clone());
                points.entry(key).or_default().push(Point {
                    sweep: index,
                    estimate,
                    doubtful: cell.n_valid == Some(0),
                    outlier: false,
                    changes: before.map_or_else(Vec::new, |before| Change::between(&before, &conditions)),
                });
            }
        }
    }
    let bare = |(key, points)| Series {
        key,
        points,
        trend: None,
        shift_p: None,
        p: None,
        p_adjusted: None,
        course: Course::TooFew,
        deviation: None,
    };
    points.into_iter().map(bare).collect()
}
