//! The course of a run on one device: decode speed of the trials one after another,
//! and below it what the device's sensors said meanwhile.

use super::{
    Plot, conditions_of,
    frame::Frame,
    labels::{self, Label},
    palette::{self, Ink, Style},
    scale::Scale,
    scene::{Anchor, Mark, SMALL, Scene, Shape, WIDTH},
};
use crate::model::{Model, Moment, Sensor, Subject};
use slm_results::schema::Verdict;
use std::{collections::BTreeSet, fmt::Write};

/// Devices of runs that are drawn at most.
const MOST: usize = 8;
/// Points of a series at most.
const POINTS: usize = 600;
const PANEL: f64 = 130.0;
const UPPER: f64 = 200.0;
/// Sensors with one unit that are drawn at most.
const SENSORS: usize = 8;

/// What one device did in one run.
struct Course<'a> {
    run: usize,
    device: &'a str,
    moments: Vec<&'a Moment>,
    sensors: Vec<&'a Sensor>,
}

/// A plot for each device of each run.
pub(super) fn plots(model: &Model) -> Vec<Plot> {
    let courses: Vec<Course<'_>> = courses(model);
    let drawn = courses.iter().take(MOST).enumerate();
    drawn
        .filter_map(|(index, course)| {
            let name = if courses.len() > 1 { format!("course-{}", index + 1) } else { "course".into() };
            let left_out = if index + 1 == MOST { courses.len() - MOST } else { 0 };
            plot(model, course, name, left_out)
        })
        .collect()
}

/// Run by run, device by device, where trials were completed.
fn courses(model: &Model) -> Vec<Course<'_>> {
    let of_run = |run: usize| {
        let devices: BTreeSet<&str> =
            model.subjects.iter().filter(|s| s.run == run).map(|s| s.device.as_str()).collect();
        devices.into_iter().map(move |device| {
            let is_own = |moment: &&Moment| model.subjects[moment.subject].device == device;
            Course {
                run,
                device,
                moments: model.runs[run].moments.iter().filter(is_own).collect(),
                sensors: model.runs[run].sensors.iter().filter(|sensor| sensor.device == device).collect(),
            }
        })
    };
    (0..model.runs.len()).flat_map(of_run).filter(|course| !course.moments.is_empty()).collect()
}

impl Course<'_> {
    fn title(&self, model: &Model) -> String {
        let several = model.devices().len() > 1;
        let device = if several { format!(" on {}", self.device) } else { String::new() };
        let run = &model.runs[self.run].id;
        let run = if model.runs.len() > 1 { format!(": {run}") } else { String::new() };
        format!("The course of the run{device}{run}")
    }

    fn is_of(&self, subject: &Subject) -> bool {
        subject.run == self.run && subject.device == self.device
    }
}

fn plot(model: &Model, course: &Course<'_>, name: String, left_out: usize) -> Option<Plot> {
    let Course { moments, sensors, .. } = course;
    let (Some(first), Some(last)) = (
        moments.iter().map(|moment| moment.at_s).reduce(f64::min),
        moments.iter().map(|moment| moment.at_s).reduce(f64::max),
    ) else {
        return None;
    };
    let minutes = move |at_s: f64| (at_s - first) / 60.0;
    let units = units(sensors);
    let own = || model.subjects.iter().filter(|subject| course.is_of(subject));
    let upper_height = UPPER.max(16.0 * own().count() as f64);
    let height = 88.0 + upper_height + units.len() as f64 * (PANEL + 46.0) + 60.0;
    let title = course.title(model);
    let mut scene = Scene::titled(height, &title, &conditions_of(own()));
    let x = Scale::from_zero([minutes(last).max(0.05)]);
    let upper = Frame {
        left: 62.0,
        top: 92.0,
        width: WIDTH - 62.0 - 190.0,
        height: upper_height,
        x,
        y: speeds(model, moments),
    };
    upper.draw_y(&mut scene, "decode speed, % of the cell's mean", SMALL);
    upper.draw_base(&mut scene);
    draw_trials(&mut scene, &upper, model, moments, &minutes);
    let mut frame = upper;
    for unit in &units {
        frame = draw_sensors(&mut scene, frame.bottom() + 46.0, x, sensors, unit, &minutes);
    }
    frame.draw_x(&mut scene, "minutes since the first trial", SMALL);
    let mut caption =
        "Each point is a trial; a slope is drift, most often heat. Crosses are trials that are not to be \
                   trusted. Below, what the sensors said meanwhile."
            .to_owned();
    if left_out > 0 {
        let _ = write!(caption, " The courses of {left_out} more are not drawn.");
    }
    Some(Plot { name, title, caption, scene })
}

fn relative(model: &Model, moment: &Moment) -> Option<f64> {
    let mean = model.cells[moment.cell].cell.otps?.mean;
    Some(100.0 * f64::from(moment.otps) / mean).filter(|share| share.is_finite())
}

fn speeds(model: &Model, moments: &[&Moment]) -> Scale {
    let mut values: Vec<f64> = moments.iter().filter_map(|moment| relative(model, moment)).collect();
    values.push(100.0);
    Scale::between(&values)
}

fn draw_trials(
    scene: &mut Scene,
    frame: &Frame,
    model: &Model,
    moments: &[&Moment],
    minutes: &dyn Fn(f64) -> f64,
) {
    let step = moments.len().div_ceil(POINTS).max(1);
    let level = frame.py(100.0);
    scene.line((frame.left, level), (frame.right(), level), Ink::Muted, 1.0);
    // A column of names beside the trials, in the order in which the models ran.
    let mut seen: Vec<usize> = Vec::new();
    for moment in moments.iter().step_by(step) {
        let Some(value) = relative(model, moment) else { continue };
        let style = palette::style(moment.subject);
        let shape = if moment.verdict == Verdict::Valid { point_of(style) } else { Shape::Cross };
        let (x, y) = (frame.px(minutes(moment.at_s)), frame.py(value));
        scene.push(Mark::Dot { x, y, radius: 2.4, shape, ink: style.ink, opacity: 1.0 });
        if !seen.contains(&moment.subject) {
            seen.push(moment.subject);
        }
    }
    for (line, subject) in seen.iter().enumerate() {
        let y = frame.top + 6.0 + 16.0 * line as f64;
        let x = frame.right() + 16.0;
        let style = palette::style(*subject);
        scene.dot(x, y, 4.0, point_of(style), style.ink);
        let name = super::font::cut(&model.subjects[*subject].label_at_home(), SMALL, WIDTH - x - 18.0);
        scene.text(x + 10.0, y, &name, SMALL, Anchor::Start, Ink::Text);
    }
}

fn point_of(style: Style) -> Shape {
    if style.second { Shape::Ring } else { Shape::Disc }
}

/// Units in the order of what they tell of a run; others come after them. A battery's
/// voltage and level move too little to be worth a panel beside its current.
const ORDER: [&str; 8] = ["C", "MHz", "mA", "B", "CPU", "1", "%", "V"];
/// Panels at most.
const PANELS: usize = 5;

/// Units of the sensors, each once: a panel for each. Codes are no quantities.
fn units(sensors: &[&Sensor]) -> Vec<String> {
    let mut units: Vec<String> = Vec::new();
    for sensor in sensors {
        if sensor.unit != "code" && !units.contains(&sensor.unit) {
            units.push(sensor.unit.clone());
        }
    }
    units.sort_by_key(|unit| ORDER.iter().position(|known| known == unit).unwrap_or(ORDER.len()));
    units.truncate(PANELS);
    units
}

/// The sensors of a panel. A clock's mean says more than what it showed at one moment;
/// of many temperatures the highest count.
fn shown<'a>(sensors: &[&'a Sensor], unit: &str) -> Vec<&'a Sensor> {
    let has_mean = |sensor: &Sensor| {
        let cluster = sensor.name.strip_suffix("-frequency");
        let mean = cluster.map(|cluster| format!("{cluster}-residency"));
        mean.is_some_and(|mean| sensors.iter().any(|other| other.name == mean))
    };
    let mut own: Vec<&Sensor> =
        sensors.iter().copied().filter(|sensor| sensor.unit == unit && !has_mean(sensor)).collect();
    if unit == "C" && own.len() > SENSORS {
        let highest =
            |sensor: &Sensor| sensor.readings.iter().map(|(_, value)| *value).fold(f64::MIN, f64::max);
        own.sort_by(|a, b| highest(b).total_cmp(&highest(a)));
    }
    own.truncate(SENSORS);
    own
}

fn draw_sensors(
    scene: &mut Scene,
    top: f64,
    x: Scale,
    sensors: &[&Sensor],
    unit: &str,
    minutes: &dyn Fn(f64) -> f64,
) -> Frame {
    let (factor, name) = match unit {
        "B" => (1.0 / f64::from(1 << 20), "MiB"),
        "Hz" => (1e-6, "MHz"),
        "1" => (1.0, "without unit (load average…)"),
        "CPU" => (1.0, "busy CPUs"),
        other => (1.0, other),
    };
    let own = shown(sensors, unit);
    let values: Vec<f64> =
        own.iter().flat_map(|sensor| &sensor.readings).map(|(_, value)| value * factor).collect();
    let y = if matches!(unit, "B" | "1" | "CPU" | "Hz" | "MHz" | "kHz") {
        Scale::from_zero(values.iter().copied())
    } else {
        Scale::between(&values)
    };
    let frame = Frame { left: 62.0, top, width: WIDTH - 62.0 - 190.0, height: PANEL, x, y };
    frame.draw_y(scene, name, SMALL);
    frame.draw_base(scene);
    let mut ends = Vec::new();
    for (index, sensor) in own.iter().enumerate() {
        let style = palette::style(index);
        let step = sensor.readings.len().div_ceil(POINTS).max(1);
        let points: Vec<(f64, f64)> = sensor
            .readings
            .iter()
            .step_by(step)
            .map(|(at, value)| (frame.px(minutes(*at)), frame.py(value * factor)))
            .collect();
        if let Some(&(x, y)) = points.last() {
            ends.push(Label { x, y, text: sensor.name.clone(), style });
        }
        scene.push(Mark::Line { points, ink: style.ink, width: 1.3, dashed: style.second });
    }
    labels::draw(scene, ends, frame.right() + 24.0, 140.0, (frame.top, frame.bottom()));
    frame
}
