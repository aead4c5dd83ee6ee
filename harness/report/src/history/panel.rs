//! One series in a plot of histories.

use super::{days, marks::Marks, parts::course};
use crate::draw::{
    font,
    frame::Frame,
    grid::Panel,
    labels::apart,
    palette::Ink,
    scale::Scale,
    scene::{Anchor, Mark, SMALL, Scene, Shape},
};
use slm_decide::history::{Course, History, Series};
use slm_results::schema::UtcTime;

/// The points' colour.
pub(super) const POINT: Ink = Ink::Hue(0);
/// That of the course.
pub(super) const COURSE: Ink = Ink::Hue(1);
/// That of lines where something changed.
pub(super) const CHANGE: Ink = Ink::Hue(3);
const DAY_S: f64 = 86_400.0;
/// Height of a line of words, pixels.
const WORDS: f64 = 16.0;
/// Width that a letter takes, pixels.
const LETTER: f64 = 8.5;
/// Straight pieces of a drift, which is a curve: factors are equal, not differences.
const PIECES: u32 = 24;

/// Draws a series: in words, what changed, its course, its points. `telling` is what its name lacks.
pub(super) fn draw(
    scene: &mut Scene,
    panel: Panel,
    history: &History,
    series: &Series,
    marks: &Marks,
    telling: Option<String>,
) {
    let (Some(first), Some(last)) = (history.sweeps.first(), history.sweeps.last()) else { return };
    let days = |moment: UtcTime| (moment.unix_s() - first.at.unix_s()) / DAY_S;
    let day = |sweep: usize| days(history.sweeps[sweep].at);
    let ends = series.points.iter().flat_map(|point| {
        let interval = point.estimate.interval;
        [Some(point.estimate.mean), interval.map(|i| i.low), interval.map(|i| i.high)]
    });
    let words: Vec<String> = telling.into_iter().chain([course(series)]).collect();
    let room = WORDS * words.len() as f64;
    let frame = Frame {
        left: panel.left,
        top: panel.top + room,
        width: panel.width,
        height: panel.height - room,
        x: Scale::with_room(0.0, days(last.at)),
        y: Scale::between(&ends.flatten().collect::<Vec<_>>()),
    };
    frame.draw_y(scene, "", SMALL - 1.0);
    days::draw(scene, &frame, first.at, last.at, &|moment| frame.px(days(moment)));
    for (index, line) in words.iter().enumerate() {
        let text = font::cut(line, SMALL, panel.width + 36.0);
        let y = panel.top - 3.0 + WORDS * index as f64;
        scene.text(panel.left - 40.0, y, &text, SMALL, Anchor::Start, Ink::Muted);
    }
    draw_marks(scene, &frame, &marks.of_series(series), &day);
    draw_course(scene, &frame, series, &day);
    draw_points(scene, &frame, series, &day);
}

/// Dashed lines, and their letters side by side above.
fn draw_marks(scene: &mut Scene, frame: &Frame, marks: &[(usize, char)], day: &dyn Fn(usize) -> f64) {
    let places: Vec<f64> = marks.iter().map(|(sweep, _)| frame.px(day(*sweep))).collect();
    let letters = apart(&places, LETTER, frame.left, frame.right());
    for ((x, letter), (_, text)) in places.iter().zip(letters).zip(marks) {
        let points = vec![(*x, frame.top), (*x, frame.bottom())];
        scene.push(Mark::Line { points, ink: CHANGE, width: 1.0, dashed: true });
        scene.text(letter, frame.top - 7.0, &text.to_string(), SMALL - 2.0, Anchor::Middle, CHANGE);
    }
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
    let mut curve = |points: Vec<(f64, f64)>| {
        let points = points.into_iter().map(|(day, figure)| (frame.px(day), frame.py(figure))).collect();
        scene.push(Mark::Line { points, ink: COURSE, width: 1.6, dashed: false });
    };
    match &series.course {
        Course::TooFew => {}
        Course::Steady => {
            if let Some(level) = level(series) {
                curve(vec![(first, level), (last, level)]);
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
                let moment = |piece: u32| first + (last - first) * f64::from(piece) / f64::from(PIECES);
                curve((0..=PIECES).map(|piece| at(moment(piece))).collect());
            }
        }
        Course::Steps(steps) => {
            let mut from = first;
            for (index, step) in steps.iter().enumerate() {
                curve(vec![(from, step.before), (days[step.at.saturating_sub(1)], step.before)]);
                from = days[step.at];
                if index + 1 == steps.len() {
                    curve(vec![(from, step.after), (last, step.after)]);
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
