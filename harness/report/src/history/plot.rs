//! A plot of every metric: a panel for each series, its points with their intervals, its course,
//! and lettered lines where engine, agent, system or settings changed.

use super::parts::{changes, course, moment, named};
use crate::{
    draw::{
        font,
        frame::Frame,
        grid,
        palette::Ink,
        scale::Scale,
        scene::{Anchor, Mark, SMALL, Scene, Shape, WIDTH},
    },
    numbers,
    plots::Plot,
};
use slm_decide::history::{Change, Course, Event, History, Series};
use slm_plan::text::clean;
use slm_results::read::{Key, Metric};
use std::collections::BTreeSet;

/// Panels of a plot at most; those that changed come first where there are more.
const MOST_PANELS: usize = 24;
/// Lettered events at most.
const MOST_EVENTS: usize = 12;
const DAY_S: f64 = 86_400.0;
const LINE: f64 = 17.0;
const POINT: Ink = Ink::Hue(0);
const LEVEL: Ink = Ink::Hue(1);
const EVENT: Ink = Ink::Hue(3);

/// A plot of each metric that has a series of two points.
pub(super) fn plots(history: &History) -> Vec<Plot> {
    Metric::ALL.into_iter().filter_map(|metric| plot(history, metric)).collect()
}

fn plot(history: &History, metric: Metric) -> Option<Plot> {
    let mut drawn: Vec<&Series> = history
        .series
        .iter()
        .filter(|series| series.key.metric == metric && series.points.len() > 1)
        .collect();
    let all = drawn.len();
    if all > MOST_PANELS {
        drawn.sort_by_key(|series| matches!(series.course, Course::Steady | Course::TooFew));
        drawn.truncate(MOST_PANELS);
    }
    let first = history.sweeps.first().filter(|_| all > 0)?;
    let events = lettered(history, &drawn);
    let legend: Vec<String> = events
        .iter()
        .zip('A'..)
        .map(|(event, letter)| {
            format!("{letter}  {}: {}", named(history, event.sweep), changes(&telling(event)))
        })
        .collect();
    let height = grid::height(drawn.len()) + LINE * legend.len() as f64;
    let title = format!("{} from sweep to sweep", metric.heading());
    let mut scene = Scene::titled(height, &title, &conditions(&drawn));
    grid::legend(
        &mut scene,
        &[(POINT, "sweeps, 95 % intervals"), (LEVEL, "course"), (EVENT, "changes, below")],
    );
    let names: Vec<String> = drawn.iter().map(|series| panel_name(series, &drawn)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (panel, series) in grid::panels(&mut scene, &names).into_iter().zip(&drawn) {
        draw(&mut scene, panel, history, series, &events);
    }
    let foot = grid::height(drawn.len()) - 6.0;
    for (index, line) in legend.iter().enumerate() {
        let text = font::cut(line, SMALL, WIDTH - 28.0);
        scene.text(14.0, foot + LINE * index as f64, &text, SMALL, Anchor::Start, Ink::Text);
    }
    let left_out =
        if all > drawn.len() { format!(" {} more are not drawn.", all - drawn.len()) } else { String::new() };
    let caption = format!(
        "From left to right days since {}. Rings stand far from their neighbours, crosses have no valid trial.{left_out}",
        moment(history, first)
    );
    Some(Plot::new(format!("{}-history", metric.column()), title, caption, scene))
}

/// What may bear on figures: another build of `bench` alone does not.
fn telling(event: &Event) -> Vec<Change> {
    event.changes.iter().filter(|change| change.what != "bench").cloned().collect()
}

/// The events that get a letter.
fn lettered<'a>(history: &'a History, drawn: &[&Series]) -> Vec<&'a Event> {
    let devices: BTreeSet<&str> = drawn.iter().map(|series| series.key.cell.device.as_str()).collect();
    let is_drawn = |event: &&Event| devices.contains(event.device.as_str()) && !telling(event).is_empty();
    history.events.iter().filter(is_drawn).take(MOST_EVENTS).collect()
}

/// What all panels have in common.
fn conditions(drawn: &[&Series]) -> String {
    let each = |pick: &dyn Fn(&Series) -> String| {
        let all: BTreeSet<String> = drawn.iter().map(|series| pick(series)).collect();
        if all.len() == 1 { all.into_iter().next() } else { None }
    };
    let parts: [&dyn Fn(&Series) -> String; 5] = [
        &|series| series.key.cell.device.clone(),
        &|series| series.key.cell.backend.clone(),
        &|series| series.key.cell.quant.clone(),
        &|series| format!("{} weights", series.key.cell.weights),
        &|series| series.key.threads.map_or(String::new(), |n| numbers::count(n as usize, "thread")),
    ];
    let known = parts.iter().filter_map(|pick| each(*pick)).filter(|part| !part.is_empty());
    clean(&known.collect::<Vec<_>>().join(" · "))
}

/// A panel's name: the cell, and what tells it from others drawn.
fn panel_name(series: &Series, drawn: &[&Series]) -> String {
    let parts: [fn(&Key) -> &str; 4] =
        [|key| &key.device, |key| &key.backend, |key| &key.quant, |key| &key.weights];
    let own = &series.key;
    let mut name = format!("{} at {}", own.cell.model, own.cell.context);
    for part in parts {
        if drawn.iter().any(|other| part(&other.key.cell) != part(&own.cell)) {
            name = format!("{name} · {}", part(&own.cell));
        }
    }
    if drawn.iter().any(|other| other.key.threads != own.threads) {
        name +=
            &own.threads.map_or(String::new(), |n| format!(" · {}", numbers::count(n as usize, "thread")));
    }
    clean(&format!("{name}: {}", course(series)))
}

fn draw(scene: &mut Scene, panel: grid::Panel, history: &History, series: &Series, events: &[&Event]) {
    let start = history.sweeps.first().map_or(0.0, |sweep| sweep.at.unix_s());
    let end = history.sweeps.last().map_or(0.0, |sweep| sweep.at.unix_s());
    let day = |sweep: usize| (history.sweeps[sweep].at.unix_s() - start) / DAY_S;
    let ends = series.points.iter().flat_map(|point| {
        let interval = point.estimate.interval;
        [Some(point.estimate.mean), interval.map(|i| i.low), interval.map(|i| i.high)]
    });
    let frame = Frame {
        left: panel.left,
        top: panel.top,
        width: panel.width,
        height: panel.height,
        x: Scale::from_zero([((end - start) / DAY_S).max(1e-3)]),
        y: Scale::between(&ends.flatten().collect::<Vec<_>>()),
    };
    frame.draw_y(scene, "", SMALL - 1.0);
    frame.draw_x(scene, "", SMALL - 1.0);
    for (event, letter) in
        events.iter().zip('A'..).filter(|(event, _)| event.device == series.key.cell.device)
    {
        let x = frame.px(day(event.sweep));
        let points = vec![(x, frame.top), (x, frame.bottom())];
        scene.push(Mark::Line { points, ink: EVENT, width: 1.0, dashed: true });
        scene.text(x, frame.top - 6.0, &letter.to_string(), SMALL - 2.0, Anchor::Middle, EVENT);
    }
    draw_course(scene, &frame, series, &day);
    draw_points(scene, &frame, series, &day);
}

fn draw_points(scene: &mut Scene, frame: &Frame, series: &Series, day: &dyn Fn(usize) -> f64) {
    for point in &series.points {
        let (x, y) = (frame.px(day(point.sweep)), frame.py(point.estimate.mean));
        if let Some(interval) = point.estimate.interval {
            scene.line((x, frame.py(interval.low)), (x, frame.py(interval.high)), POINT, 1.0);
        }
        let shape = match (point.doubtful, point.outlier) {
            (true, _) => Shape::Cross,
            (false, true) => Shape::Ring,
            (false, false) => Shape::Disc,
        };
        scene.dot(x, y, 2.6, shape, POINT);
    }
}

/// Levels between steps, the line of a drift, or one level.
fn draw_course(scene: &mut Scene, frame: &Frame, series: &Series, day: &dyn Fn(usize) -> f64) {
    let days: Vec<f64> = series.points.iter().map(|point| day(point.sweep)).collect();
    let (Some(&first), Some(&last)) = (days.first(), days.last()) else { return };
    let mut line = |from: (f64, f64), to: (f64, f64)| {
        let points = vec![(frame.px(from.0), frame.py(from.1)), (frame.px(to.0), frame.py(to.1))];
        scene.push(Mark::Line { points, ink: LEVEL, width: 1.6, dashed: false });
    };
    match &series.course {
        Course::TooFew => {}
        Course::Steady => {
            if let Some(level) = level(series) {
                line((first, level), (last, level));
            }
        }
        Course::Drift => {
            let slope = series.trend.and_then(|trend| trend.slope).map_or(0.0, |slope| slope.slope / 7.0);
            let offsets: Vec<f64> = series
                .points
                .iter()
                .zip(&days)
                .filter(|(point, _)| !point.doubtful)
                .map(|(point, day)| point.estimate.mean.ln() - slope * day)
                .collect();
            if let Some(offset) = slm_stats::median(&offsets) {
                let at = |day: f64| (day, (offset + slope * day).exp());
                line(at(first), at(last));
            }
        }
        Course::Steps(steps) => {
            let mut from = first;
            for (index, step) in steps.iter().enumerate() {
                line((from, step.before), (days[step.at.saturating_sub(1)], step.before));
                from = days[step.at];
                if index + 1 == steps.len() {
                    line((from, step.after), (last, step.after));
                }
            }
        }
    }
}

/// The middle of all points that were tested.
fn level(series: &Series) -> Option<f64> {
    let sound = series.points.iter().filter(|point| !point.doubtful);
    slm_stats::median(&sound.map(|point| point.estimate.mean).collect::<Vec<_>>())
}
