//! Parts that texts and plots have in common.

use super::{
    pace::{pace, span},
    percent::{percent, percents},
};
use slm_decide::history::{Change, Course, Event, History, Point, Series, Step, Sweep};
use slm_plan::text::{clean, figure};
use std::collections::BTreeSet;

/// What a list of differences is cut to in a sentence.
const MOST_VALUES: usize = 4;

/// The day of a sweep; with the hour where all lie within three days.
pub(super) fn moment(history: &History, sweep: &Sweep) -> String {
    let span = |first: &Sweep, last: &Sweep| last.at.unix_s() - first.at.unix_s();
    let is_short =
        history.sweeps.first().zip(history.sweeps.last()).is_some_and(|(a, b)| span(a, b) < 3.0 * 86_400.0);
    let text = sweep.at.to_string();
    if is_short { text[..16].replace('T', " ") } else { text[..10].to_owned() }
}

/// `better` or `worse`.
pub(super) fn direction(series: &Series, factor: f64) -> &'static str {
    if series.is_worse(factor) { "worse" } else { "better" }
}

/// What became of a series, in a few words.
pub(super) fn course(series: &Series) -> String {
    match &series.course {
        Course::TooFew => "too few sweeps".into(),
        Course::Steady => {
            let noise = series.deviation.map(|deviation| format!(", ± {:.1} %", 100.0 * deviation));
            format!("steady{}", noise.unwrap_or_default())
        }
        Course::Drift => match series.trend.as_ref().and_then(pace) {
            Some((pace, _)) => format!("drift, {pace}"),
            None => "drift".into(),
        },
        Course::Steps(steps) if steps.len() == 1 => format!("step, {}", percent(steps[0].ratio.0, 1)),
        Course::Steps(steps) => format!("{} steps", steps.len()),
    }
}

/// What changed, in a sentence: `engine 1.0 -> 2.0, engine build flags +A -B`.
pub(super) fn changes(changes: &[Change]) -> String {
    changes.iter().map(change).collect::<Vec<_>>().join(", ")
}

fn change(change: &Change) -> String {
    let Change { what, removed, added } = change;
    if let ([before], [after]) = (&removed[..], &added[..]) {
        return clean(&format!("{what} {before} -> {after}"));
    }
    let signed = |sign: char, all: &[String]| {
        let mut shown: Vec<String> =
            all.iter().take(MOST_VALUES).map(|value| format!(" {sign}{value}")).collect();
        if all.len() > MOST_VALUES {
            shown.push(format!(" {sign}{} more", all.len() - MOST_VALUES));
        }
        shown.concat()
    };
    clean(&format!("{what}{}{}", signed('+', added), signed('-', removed)))
}

/// A sweep with its time: `2026-02-13 sweep-07`.
pub(super) fn named(history: &History, sweep: usize) -> String {
    let sweep = &history.sweeps[sweep];
    format!("{} {}", moment(history, sweep), clean(&sweep.name))
}

/// Where else a step may lie, if anywhere: `between sweep-06 and sweep-08`.
pub(super) fn uncertainty(history: &History, series: &Series, step: &Step) -> Option<String> {
    let [first, last] = step.plausible;
    let name = |point: usize| clean(&history.sweeps[series.points[point].sweep].name);
    (first < last).then(|| format!("between {} and {}", name(first), name(last)))
}

/// The heading: how many sweeps and series there are, and how many changed.
pub(super) fn summary(history: &History) -> String {
    let (told, changed) = history.counts();
    let when = match &history.sweeps[..] {
        [] => String::new(),
        [only] => format!(" of {}", moment(history, only)),
        [first, .., last] => format!(" from {} to {}", moment(history, first), moment(history, last)),
    };
    let few = history.series.len() - told;
    let series = match history.series.len() {
        1 => "1 series".to_owned(),
        n => format!("{n} series"),
    };
    let outcome = match few {
        0 => format!(", of which {changed} changed"),
        _ if told == 0 => " with too few sweeps to tell (5 or more are needed)".to_owned(),
        _ => {
            format!(", of which {changed} changed; {few} have too few sweeps to tell (5 or more are needed)")
        }
    };
    format!("{}{when}; {series}{outcome}", crate::numbers::count(history.sweeps.len(), "sweep"))
}

/// An event in words: `2026-02-27 sweep-08 on phone-a: engine 1.0 -> 2.0`.
pub(super) fn event(history: &History, event: &Event) -> String {
    format!("{}{}: {}", named(history, event.sweep), whom(history, event), changes(&event.changes))
}

/// Which devices and models an event concerns, where that needs telling: ` on phone-a, slimlm-125m`.
pub(super) fn whom(history: &History, event: &Event) -> String {
    let devices: BTreeSet<&str> =
        history.series.iter().map(|series| series.key.cell.device.as_str()).collect();
    let mut parts = Vec::new();
    // What concerns all of them is told without their names.
    if event.devices.len() < devices.len() {
        parts.push(listed(&event.devices));
    }
    if !event.models.is_empty() {
        parts.push(listed(&event.models));
    }
    if parts.is_empty() { String::new() } else { format!(" on {}", parts.join(", ")) }
}

/// The first few of some names.
fn listed(names: &BTreeSet<String>) -> String {
    let shown: Vec<&str> = names.iter().take(MOST_VALUES).map(String::as_str).collect();
    let more = names.len() - shown.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    clean(&format!("{}{more}", shown.join(", ")))
}

/// A probability: `0.003`, `below 0.0001`.
fn probability(p: f64) -> String {
    if p < 1e-4 { "below 0.0001".into() } else { figure(p) }
}

/// The lines below: how it was tested, and what sweeps differ by.
pub(super) fn closing(history: &History) -> Vec<String> {
    let mut lines = vec![format!(
        "{} series tested, p corrected by Benjamini and Hochberg's method; changes up to 1 % count as none",
        history.tested
    )];
    let spread: Vec<String> = history
        .spread()
        .iter()
        .map(|(metric, spread)| format!("{} {:.1} %", metric.column(), 100.0 * spread.deviation()))
        .collect();
    if !spread.is_empty() {
        lines
            .push(format!("standard deviation from sweep to sweep, changes left out: {}", spread.join(", ")));
    }
    let count = |is: &dyn Fn(&Point) -> bool| {
        history.series.iter().flat_map(|series| &series.points).filter(|point| is(point)).count()
    };
    let (outliers, doubtful) = (count(&|point| point.outlier), count(&|point| point.doubtful));
    let is_newest = |series: &&Series| series.points.last().is_some_and(|point| point.outlier);
    let newest = history.series.iter().filter(is_newest).count();
    if outliers > 0 {
        let newest = match newest {
            0 => String::new(),
            n => format!("; {n} of them newest of their series: further sweeps tell whether it stays so"),
        };
        lines.push(format!("outliers among their neighbours, which count as if nearer: {outliers}{newest}"));
    }
    if doubtful > 0 {
        lines.push(format!("figures that are not tested, since no trial is valid: {doubtful}"));
    }
    lines
}

/// A step in words: `480.1 -> 455.3, -5.2 % (-6.1 to -4.3 %), worse`.
pub(super) fn step(series: &Series, step: &Step) -> String {
    format!(
        "{} -> {}, {} ({}), {}",
        figure(step.before),
        figure(step.after),
        percent(step.ratio.0, 1),
        percents(step.ratio.1, 1),
        direction(series, step.ratio.0)
    )
}

/// A drift in words: `-1.0 % a week (-1.3 to -0.7 %), -10.5 % in 11 weeks, p 0.0001, worse`.
pub(super) fn drift(series: &Series) -> Option<String> {
    let trend = series.trend.as_ref()?;
    let ((pace, interval), total) = (pace(trend)?, trend.total()?);
    Some(format!(
        "{pace} ({interval}), {} in {}, p {}, {}",
        percent(total, 1),
        span(trend.weeks),
        probability(trend.p),
        direction(series, total)
    ))
}
