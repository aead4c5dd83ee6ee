//! The steps of a series: how many by circular binary segmentation, where by least squares.

use super::fit::{NONE, Values, mean, pieces};
use slm_stats::{NoShift, largest_shift, level_cuts, shift_by_order, student_two_sided};
use std::collections::BTreeMap;

/// Fewest points at a level.
const SHORTEST: usize = 3;
/// A further step within a series that has one must be at least so unlikely by chance.
const LEVEL: f64 = 0.01;
/// A larger p is none however many series there are.
const MAY_BE_CALLED: f64 = 0.05;
/// What n · ln(squares at a place / squares at the best) stays below, in 95 of 100 cases, at the true place of
/// a step. A place is no smooth parameter, so it is not χ²: P(at most x) = (1 - e^(-x/2))², hence
/// -2 · ln(1 - √0.95) (Hansen 2000, Econometrica 68, theorem 2 and table I, there for thresholds and steps
/// that are small against the noise; larger ones are held more often).
const PLACE_95: f64 = 7.352_276_694_155_739;

/// What the largest t of series without a shift is like, by length.
#[derive(Default)]
pub(super) struct NoShifts(BTreeMap<usize, NoShift>);

impl NoShifts {
    /// p that a series has one level, with outliers clipped beyond `least`: the larger of what
    /// normal noise and what the order of its own values gives. 1 where all values are equal; `None` where
    /// there is no room for two levels.
    pub(super) fn p_of(&mut self, logs: &[f64], clipped: &[f64], least: f64) -> Option<f64> {
        if logs.len() < 2 * SHORTEST {
            return None;
        }
        let p = self.p(clipped);
        let may_be_called = p < MAY_BE_CALLED;
        let by_order = largest_shift(clipped).filter(|_| may_be_called);
        let by_order = by_order.and_then(|shift| shift_by_order(logs, least, shift.t));
        Some(by_order.map_or(p, |by_order| p.max(by_order)))
    }

    /// The same by normal noise alone.
    fn p(&mut self, logs: &[f64]) -> f64 {
        let Some(shift) = largest_shift(logs) else { return 1.0 };
        self.0.entry(logs.len()).or_insert_with(|| NoShift::new(logs.len())).p(shift.t)
    }
}

/// The cuts of a series of which it is known that it has one at least. Those within are tested
/// at 1 %, or at the level at which the series' own p was called, where that is less.
pub(super) fn cuts(values: &Values, called_at: f64, none: &mut NoShifts) -> Vec<usize> {
    let level = called_at.min(LEVEL);
    let mut found = Vec::new();
    split(&values.logs, 0, 1.0, level, none, &mut found);
    let mut count = found.len();
    while let Some(cuts) = level_cuts(&values.logs, count, SHORTEST) {
        // The places fit better together than found one after the other; a cut between levels
        // that do not differ was only needed before.
        if count <= 1 || cuts_hold(values, &cuts) {
            return cuts;
        }
        count -= 1;
    }
    found
}

fn split(logs: &[f64], offset: usize, level: f64, inner: f64, none: &mut NoShifts, found: &mut Vec<usize>) {
    let Some(shift) = largest_shift(logs) else { return };
    if level < 1.0 && none.p(logs) > level {
        return;
    }
    let cuts: Vec<usize> =
        [shift.from, shift.to].into_iter().filter(|&cut| cut > 0 && cut < logs.len()).collect();
    found.extend(cuts.iter().map(|cut| offset + cut));
    for (from, to) in pieces(logs.len(), &cuts) {
        split(&logs[from..to], offset + from, inner, inner, none, found);
    }
}

/// Whether the levels on either side of every cut differ.
fn cuts_hold(values: &Values, cuts: &[usize]) -> bool {
    let n = values.logs.len();
    let freedom = (n - cuts.len() - 1) as f64;
    let variance = values.about_levels(cuts) / freedom;
    let all: Vec<(usize, usize)> = pieces(n, cuts).collect();
    all.windows(2).all(|pair| {
        let [a, b] = [pair[0], pair[1]].map(|(from, to)| &values.logs[from..to]);
        let error = (variance * (1.0 / a.len() as f64 + 1.0 / b.len() as f64)).sqrt();
        let t = (mean(b) - mean(a)) / error;
        error <= 0.0 || student_two_sided(t, freedom) < LEVEL
    })
}

/// The first and the last place where a cut may lie, with 95 % confidence: those that the ratio of
/// likelihoods does not rule out.
pub(super) fn plausible(values: &Values, cuts: &[usize], index: usize) -> [usize; 2] {
    let n = values.logs.len();
    let low = if index == 0 { 0 } else { cuts[index - 1] };
    let high = cuts.get(index + 1).copied().unwrap_or(n);
    let none = NONE * n as f64;
    let best = values.about_levels(cuts) + none;
    let fits = |place: &usize| {
        let mut moved = cuts.to_vec();
        moved[index] = *place;
        n as f64 * ((values.about_levels(&moved) + none) / best).ln() <= PLACE_95
    };
    let places: Vec<usize> = (low + 1..high).filter(|place| *place == cuts[index] || fits(place)).collect();
    [places.first().copied().unwrap_or(cuts[index]), places.last().copied().unwrap_or(cuts[index])]
}
