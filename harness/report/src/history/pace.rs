//! How fast a figure drifts, in units that say something.

use super::percent::{percent, percents};
use slm_decide::history::Trend;
use slm_stats::Interval;

/// Units of time, in weeks.
const UNITS: [(&str, f64); 5] = [
    ("hour", 1.0 / 168.0),
    ("day", 1.0 / 7.0),
    ("week", 1.0),
    ("month", 365.25 / 84.0),
    ("year", 365.25 / 7.0),
];
/// A change of less for a unit, in logarithms, is better told for a longer one.
const ENOUGH: f64 = 0.005;

/// A drift for a unit of time: `-1.0 % a week`, and its interval `-1.3 to -0.7 %`. The unit is the shortest for
/// which the drift is half a percent or more, of those that were watched for at least twice; of drifts that
/// are slower the longest of these, or an hour.
pub(super) fn pace(trend: &Trend) -> Option<(String, String)> {
    let slope = trend.slope?;
    let watched = || UNITS.into_iter().filter(|(_, weeks)| 2.0 * weeks <= trend.weeks);
    let (unit, weeks) = watched()
        .find(|(_, weeks)| (slope.slope * weeks).abs() >= ENOUGH)
        .or_else(|| watched().next_back())
        .unwrap_or(UNITS[0]);
    let factor = |slope: f64| (slope * weeks).exp();
    let interval = Interval { low: factor(slope.interval.low), high: factor(slope.interval.high) };
    let digits = if (slope.slope * weeks).abs() < ENOUGH { 2 } else { 1 };
    let article = if unit == "hour" { "an" } else { "a" };
    Some((format!("{} {article} {unit}", percent(factor(slope.slope), digits)), percents(interval, digits)))
}

/// A span of weeks: `11 weeks`, `3.5 days`.
pub(super) fn span(weeks: f64) -> String {
    let (unit, own) = UNITS.into_iter().take(3).rfind(|(_, own)| weeks >= 2.0 * own).unwrap_or(UNITS[0]);
    format!("{} {unit}s", crate::numbers::short(weeks / own))
}
