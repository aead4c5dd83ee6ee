//! The course of a run on one device: decode speed of the trials one after another,
//! and below it the readings of the device's sensors.

use super::{Plot, conditions::conditions_of, sensors};
use crate::{
    data::{Moment, ReportData, Sensor, Subject},
    draw::{
        font,
        frame::Frame,
        palette::{self, Ink, Style},
        scale::Scale,
        scene::{Anchor, Mark, SMALL, Scene, Shape, WIDTH},
    },
};
use slm_results::schema::Verdict;
use std::{collections::BTreeSet, fmt::Write};

/// Devices of runs that are drawn at most.
const MOST: usize = 8;
/// Points of a series at most.
const POINTS: usize = 600;
const UPPER: f64 = 200.0;

/// The trials and readings of one device in one run.
struct Course<'a> {
    run: usize,
    device: &'a str,
    moments: Vec<&'a Moment>,
    sensors: Vec<&'a Sensor>,
}

/// A plot for each device of each run.
pub(crate) fn plots(data: &ReportData) -> Vec<Plot> {
    let courses: Vec<Course<'_>> = courses(data);
    let drawn = courses.iter().take(MOST).enumerate();
    drawn
        .filter_map(|(index, course)| {
            let name = if courses.len() > 1 { format!("course-{}", index + 1) } else { "course".into() };
            let left_out = if index + 1 == MOST { courses.len() - MOST } else { 0 };
            plot(data, course, name, left_out)
        })
        .collect()
}

/// Run by run, device by device, where trials were completed.
fn courses(data: &ReportData) -> Vec<Course<'_>> {
    let of_run = |run: usize| {
        let devices: BTreeSet<&str> =
            data.subjects.iter().filter(|s| s.run == run).map(|s| s.device.as_str()).collect();
        devices.into_iter().map(move |device| {
            let is_own = |moment: &&Moment| data.subjects[moment.subject].device == device;
            Course {
                run,
                device,
                moments: data.runs[run].moments.iter().filter(is_own).collect(),
                sensors: data.runs[run].sensors.iter().filter(|sensor| sensor.device == device).collect(),
            }
        })
    };
    (0..data.runs.len()).flat_map(of_run).filter(|course| !course.moments.is_empty()).collect()
}

impl Course<'_> {
    fn title(&self, data: &ReportData) -> String {
        let several = data.devices().len() > 1;
        let device = if several { format!(" on {}", self.device) } else { String::new() };
        let run = &data.runs[self.run].id;
        let run = if data.runs.len() > 1 { format!(": {run}") } else { String::new() };
        format!("The course of the run{device}{run}")
    }

    fn is_of(&self, subject: &Subject) -> bool {
        subject.run == self.run && subject.device == self.device
    }
}

fn plot(data: &ReportData, course: &Course<'_>, name: String, left_out: usize) -> Option<Plot> {
    let Course { moments, sensors: readings, .. } = course;
    let (Some(first), Some(last)) = (
        moments.iter().map(|moment| moment.at_s).reduce(f64::min),
        moments.iter().map(|moment| moment.at_s).reduce(f64::max),
    ) else {
        return None;
    };
    let minutes = move |at_s: f64| (at_s - first) / 60.0;
    let units = sensors::units(readings);
    let own = || data.subjects.iter().filter(|subject| course.is_of(subject));
    let upper_height = UPPER.max(16.0 * own().count() as f64);
    let height = 88.0 + upper_height + units.len() as f64 * (sensors::PANEL + 46.0) + 60.0;
    let title = course.title(data);
    let mut scene = Scene::titled(height, &title, &conditions_of(own()));
    let x = Scale::from_zero([minutes(last).max(0.05)]);
    let upper = Frame {
        left: 62.0,
        top: 92.0,
        width: WIDTH - 62.0 - 190.0,
        height: upper_height,
        x,
        y: speeds(data, moments),
    };
    upper.draw_y(&mut scene, "decode speed, % of the cell's mean", SMALL);
    upper.draw_base(&mut scene);
    draw_trials(&mut scene, &upper, data, moments, &minutes);
    let mut frame = upper;
    for unit in &units {
        frame = sensors::draw(&mut scene, frame.bottom() + 46.0, x, readings, unit, &minutes);
    }
    frame.draw_x(&mut scene, "minutes since the first trial", SMALL);
    let mut caption =
        "Each point is a trial; a slope is drift, most often heat. Crosses are suspect or throttled trials. Below: the readings of the sensors."
            .to_owned();
    if left_out > 0 {
        let _ = write!(caption, " {left_out} more are not drawn.");
    }
    Some(Plot::new(name, title, caption, scene))
}

fn relative(data: &ReportData, moment: &Moment) -> Option<f64> {
    let mean = data.cells[moment.cell].cell.otps?.mean;
    Some(100.0 * f64::from(moment.otps) / mean).filter(|share| share.is_finite())
}

fn speeds(data: &ReportData, moments: &[&Moment]) -> Scale {
    let mut values: Vec<f64> = moments.iter().filter_map(|moment| relative(data, moment)).collect();
    values.push(100.0);
    Scale::between(&values)
}

fn draw_trials(
    scene: &mut Scene,
    frame: &Frame,
    data: &ReportData,
    moments: &[&Moment],
    minutes: &dyn Fn(f64) -> f64,
) {
    let step = moments.len().div_ceil(POINTS).max(1);
    let level = frame.py(100.0);
    scene.line((frame.left, level), (frame.right(), level), Ink::Muted, 1.0);
    // A column of names beside the trials, in the order in which the models ran.
    let mut subjects: Vec<usize> = Vec::new();
    for moment in moments.iter().step_by(step) {
        let Some(value) = relative(data, moment) else { continue };
        let style = palette::style(moment.subject);
        let shape = if moment.verdict == Verdict::Valid { point_of(style) } else { Shape::Cross };
        let (x, y) = (frame.px(minutes(moment.at_s)), frame.py(value));
        scene.push(Mark::Dot { x, y, radius: 2.4, shape, ink: style.ink, opacity: 1.0 });
        if !subjects.contains(&moment.subject) {
            subjects.push(moment.subject);
        }
    }
    for (line, subject) in subjects.iter().enumerate() {
        let y = frame.top + 6.0 + 16.0 * line as f64;
        let x = frame.right() + 16.0;
        let style = palette::style(*subject);
        scene.dot(x, y, 4.0, point_of(style), style.ink);
        let name = font::cut(&data.subjects[*subject].label_on_device(), SMALL, WIDTH - x - 18.0);
        scene.text(x + 10.0, y, &name, SMALL, Anchor::Start, Ink::Text);
    }
}

fn point_of(style: Style) -> Shape {
    if style.second { Shape::Ring } else { Shape::Disc }
}
