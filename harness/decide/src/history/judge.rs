//! The verdicts on all series of a history together.

use super::{
    Change, Course, Series, Step, Sweep, Trend,
    fit::{Values, mean, pieces},
    steps::{NoShifts, cuts, plausible},
};
use slm_stats::{Interval, benjamini_hochberg, hampel, mann_kendall, student_quantile_95, theil_sen};

/// Fewest points that are tested.
const FEWEST: usize = 5;
/// Share of false ones among all calls; where nothing changed, the probability of any.
const LEVEL: f64 = 0.05;
/// Changes up to this are none, and noise below it is not believed: `bench compare` takes
/// as much for granted between two sweeps.
const LEAST: f64 = 0.01;
const WEEK_S: f64 = 7.0 * 24.0 * 3600.0;

/// A series with its tests.
struct Tested<'a> {
    series: &'a mut Series,
    /// The tested points' indexes.
    sound: Vec<usize>,
    values: Values,
    /// p of a shift and of a trend.
    p: [f64; 2],
}

/// Tests every series and decides on all together. Returns how many tests were made.
pub(super) fn judge(series: &mut [Series], sweeps: &[Sweep], none: &mut NoShifts) -> usize {
    let mut tested: Vec<Tested<'_>> =
        series.iter_mut().filter_map(|series| tested(series, sweeps, none)).collect();
    let p: Vec<f64> = tested.iter().flat_map(|tested| tested.p).collect();
    let adjusted = benjamini_hochberg(&p);
    let called = p.iter().zip(&adjusted).filter(|(_, adjusted)| **adjusted <= LEVEL);
    let cutoff = called.map(|(p, _)| *p).fold(0.0, f64::max);
    for (tested, adjusted) in tested.iter_mut().zip(adjusted.chunks(2)) {
        tested.decide([adjusted[0], adjusted[1]], cutoff, none);
    }
    p.len()
}

fn tested<'a>(series: &'a mut Series, sweeps: &[Sweep], none: &mut NoShifts) -> Option<Tested<'a>> {
    let sound = series.sound();
    if sound.len() < FEWEST {
        return None;
    }
    let of = |pick: &dyn Fn(usize) -> f64| -> Vec<f64> { sound.iter().map(|&i| pick(i)).collect() };
    let start = sweeps[series.points[sound[0]].sweep].at.unix_s();
    let weeks = of(&|i| (sweeps[series.points[i].sweep].at.unix_s() - start) / WEEK_S);
    let logs = of(&|i| series.points[i].estimate.mean.ln());
    let trend = mann_kendall(&logs)?;
    let points: Vec<(f64, f64)> = weeks.iter().copied().zip(logs.iter().copied()).collect();
    let clipped = hampel(&logs, LEAST.ln_1p());
    clipped.outliers.iter().for_each(|&i| series.points[sound[i]].outlier = true);
    series.trend = Some(Trend {
        slope: theil_sen(&points),
        p: trend.p,
        p_adjusted: 1.0,
        weeks: weeks.last().copied().unwrap_or(0.0),
    });
    let shift = none.p_of(&logs, &clipped.values, LEAST.ln_1p());
    series.shift_p = Some(shift);
    Some(Tested { series, sound, values: Values { weeks, logs: clipped.values }, p: [shift, trend.p] })
}

impl Tested<'_> {
    fn decide(&mut self, adjusted: [f64; 2], cutoff: f64, none: &mut NoShifts) {
        let [shift, drift] = adjusted;
        self.series.shift_p_adjusted = Some(shift);
        if let Some(trend) = &mut self.series.trend {
            trend.p_adjusted = drift;
        }
        let (course, squares, parameters) =
            if shift.min(drift) <= LEVEL { self.changed(shift, cutoff, none) } else { self.steady() };
        self.series.course = course;
        let freedom = self.values.logs.len() as f64 - parameters;
        self.series.deviation = (freedom > 0.0).then(|| (squares / freedom).sqrt());
    }

    /// The course of a series that changed, the squares about it, and its parameters.
    fn changed(&self, shift: f64, cutoff: f64, none: &mut NoShifts) -> (Course, f64, f64) {
        let places = cuts(&self.values, cutoff, none);
        let has_slope = self.series.trend.is_some_and(|trend| trend.slope.is_some());
        let is_drift = has_slope && (shift > LEVEL || places.is_empty() || self.values.is_line(&places));
        if is_drift {
            let total = self.series.trend.and_then(|trend| trend.total()).unwrap_or(1.0);
            let is_enough = total.ln().abs() > LEAST.ln_1p();
            return if is_enough { (Course::Drift, self.values.about_line(), 2.0) } else { self.steady() };
        }
        let steps: Vec<Step> = self.steps(&places);
        if steps.is_empty() {
            return self.steady();
        }
        (Course::Steps(steps), self.values.about_levels(&places), 1.0 + places.len() as f64)
    }

    fn steady(&self) -> (Course, f64, f64) {
        (Course::Steady, self.values.about_levels(&[]), 1.0)
    }

    /// The steps at some places that are more than nothing.
    fn steps(&self, places: &[usize]) -> Vec<Step> {
        let n = self.values.logs.len();
        let freedom = n as f64 - 1.0 - places.len() as f64;
        let deviation = (self.values.about_levels(places) / freedom.max(1.0)).sqrt();
        let all: Vec<(usize, usize)> = pieces(n, places).collect();
        let step = |(index, pair): (usize, &[(usize, usize)])| {
            let [before, after] = [pair[0], pair[1]].map(|(from, to)| &self.values.logs[from..to]);
            let change = mean(after) - mean(before);
            let error = deviation * (1.0 / before.len() as f64 + 1.0 / after.len() as f64).sqrt();
            let reach = student_quantile_95(freedom.max(1.0)) * error;
            let plausible = plausible(&self.values, places, index).map(|place| self.sound[place]);
            (change.abs() > LEAST.ln_1p()).then(|| Step {
                at: self.sound[places[index]],
                plausible,
                before: mean(before).exp(),
                after: mean(after).exp(),
                ratio: (change.exp(), Interval { low: (change - reach).exp(), high: (change + reach).exp() }),
                changes: self.changes(plausible),
            })
        };
        all.windows(2).enumerate().filter_map(step).collect()
    }

    /// What changed at some points, each once.
    fn changes(&self, [first, last]: [usize; 2]) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        for change in self.series.points[first..=last].iter().flat_map(|point| &point.changes) {
            if !changes.contains(change) {
                changes.push(change.clone());
            }
        }
        changes
    }
}
