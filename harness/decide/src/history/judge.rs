//! The verdicts on all series of a history together.

use super::{
    Change, Course, Series, Step, Sweep, Trend,
    fit::{Values, mean, pieces},
    steps::{NoShifts, cuts, plausible},
};
use slm_stats::{
    Interval, benjamini_hochberg, hampel, mann_kendall, standard_deviation, student_quantile_95, theil_sen,
};

/// Fewest points that are tested.
const FEWEST: usize = 5;
/// Share of false ones among all series that are called; where nothing changed, the probability of any.
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
    trend: Trend,
    /// p of one level.
    shift: Option<f64>,
}

/// Tests every series and decides on all together. Returns how many were tested.
pub(super) fn judge(series: &mut [Series], sweeps: &[Sweep], none: &mut NoShifts) -> usize {
    series.iter_mut().for_each(Series::measure_without_course);
    let mut tested: Vec<Tested<'_>> =
        series.iter_mut().filter_map(|series| tested(series, sweeps, none)).collect();
    let p: Vec<f64> = tested.iter().map(Tested::p).collect();
    let adjusted = benjamini_hochberg(&p);
    let called = || p.iter().zip(&adjusted).filter(|(_, adjusted)| **adjusted <= LEVEL);
    // What p was held to. Rounding must not refuse what was called.
    let cutoff = LEVEL * called().count() as f64 / p.len().max(1) as f64;
    let cutoff = called().map(|(p, _)| *p).fold(cutoff, f64::max);
    for (tested, (p, adjusted)) in tested.iter_mut().zip(p.iter().zip(adjusted)) {
        tested.decide(*p, adjusted, cutoff, none);
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
    let test = mann_kendall(&logs)?;
    let points: Vec<(f64, f64)> = weeks.iter().copied().zip(logs.iter().copied()).collect();
    let clipped = hampel(&logs, LEAST.ln_1p());
    clipped.outliers.iter().for_each(|&i| series.points[sound[i]].outlier = true);
    let trend = Trend { slope: theil_sen(&points), p: test.p, weeks: weeks.last().copied().unwrap_or(0.0) };
    let shift = none.p_of(&logs, &clipped.values, LEAST.ln_1p());
    Some(Tested { series, sound, values: Values { weeks, logs: clipped.values }, trend, shift })
}

impl Series {
    /// What too few sweeps differ by, where nothing is known to have changed between them.
    fn measure_without_course(&mut self) {
        let is_equal = self.points.iter().all(|point| !point.changes.iter().any(Change::may_bear));
        let logs: Vec<f64> = self.sound().iter().map(|&i| self.points[i].estimate.mean.ln()).collect();
        self.deviation = standard_deviation(&logs).filter(|_| is_equal);
    }
}

impl Tested<'_> {
    /// p that nothing changed: the smaller of the tests' own, times their number (Bonferroni).
    fn p(&self) -> f64 {
        match self.shift {
            None => self.trend.p,
            Some(shift) => (2.0 * shift.min(self.trend.p)).min(1.0),
        }
    }

    fn decide(&mut self, p: f64, adjusted: f64, cutoff: f64, none: &mut NoShifts) {
        self.series.trend = Some(self.trend);
        self.series.shift_p = self.shift;
        self.series.p = Some(p);
        self.series.p_adjusted = Some(adjusted);
        let changed = if adjusted <= LEVEL { self.changed(cutoff, none) } else { None };
        let (course, squares, parameters) = changed.unwrap_or_else(|| self.steady());
        self.series.course = course;
        let freedom = self.values.logs.len() as f64 - parameters;
        self.series.deviation = (freedom > 0.0).then(|| (squares / freedom).sqrt());
    }

    /// The course of a series that changed, the squares about it, and its parameters; `None` where
    /// that is no more than [`LEAST`]. Steps and a drift must each be told by their own test: since the smaller p
    /// was doubled, the other is held to what the series was held to (Holm 1979). Where both are told, the better
    /// fit decides.
    fn changed(&self, level: f64, none: &mut NoShifts) -> Option<(Course, f64, f64)> {
        let is_shift = self.shift.is_some_and(|p| p <= level);
        let places = if is_shift { cuts(&self.values, level, none) } else { Vec::new() };
        let total = self.trend.total().filter(|_| self.trend.p <= level);
        if let Some(total) = total.filter(|_| places.is_empty() || self.values.is_line(&places)) {
            let is_enough = total.ln().abs() > LEAST.ln_1p();
            return is_enough.then(|| (Course::Drift, self.values.about_line(), 2.0));
        }
        let steps: Vec<Step> = self.steps(&places);
        let squares = self.values.about_levels(&places);
        if steps.is_empty() { None } else { Some((Course::Steps(steps), squares, 1.0 + places.len() as f64)) }
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
            let places_of = plausible(&self.values, places, index);
            let plausible = places_of.map(|place| self.sound[place]);
            // What changed at a point that is not tested has its effect at the next that is.
            let earliest = places_of[0].checked_sub(1).map_or(0, |before| self.sound[before] + 1);
            (change.abs() > LEAST.ln_1p()).then(|| Step {
                at: self.sound[places[index]],
                plausible,
                before: mean(before).exp(),
                after: mean(after).exp(),
                ratio: (change.exp(), Interval { low: (change - reach).exp(), high: (change + reach).exp() }),
                changes: self.changes(earliest, plausible[1]),
            })
        };
        all.windows(2).enumerate().filter_map(step).collect()
    }

    /// What changed at some points, each once.
    fn changes(&self, first: usize, last: usize) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        for change in self.series.points[first..=last].iter().flat_map(|point| &point.changes) {
            if !changes.contains(change) {
                changes.push(change.clone());
            }
        }
        changes
    }
}
