//! Speed against size: how long an answer takes with models of all sizes, the
//! Pareto front (no other model is both larger and faster), and the budget.

use super::{Plot, conditions::conditions};
use crate::{
    data::ReportData,
    draw::{
        font,
        frame::Frame,
        palette::{self, Ink},
        scale::Scale,
        scene::{Anchor, Mark, SMALL, Scene, Shape, WIDTH},
    },
    names, numbers, tradeoff,
};

/// Draws the plot, if two models of known sizes were measured.
pub(crate) fn plot(data: &ReportData) -> Option<Plot> {
    let context = tradeoff::reference_context(data)?;
    let points = tradeoff::sized_runtimes(data, context);
    if points.len() < 2 {
        return None;
    }
    let title = format!("Speed against size: runtime at {}", names::context(context));
    let mut scene = Scene::titled(440.0, &title, &conditions(data));
    let budget = data.budget_s;
    let y = Scale::log(points.iter().map(|p| p.runtime.mean).chain([budget]));
    let x = Scale::log(points.iter().map(|p| p.params));
    let frame = Frame { left: 62.0, top: 88.0, width: WIDTH - 90.0, height: 298.0, x, y };
    frame.draw_y(&mut scene, "seconds to the whole answer", SMALL);
    frame.draw_x(&mut scene, "parameters", SMALL);
    frame.draw_limit(&mut scene, budget, &format!("budget: {} s", numbers::short(budget)));
    let front = tradeoff::pareto(&points);
    let mut taken: Vec<[f64; 4]> = Vec::new();
    for device in data.devices() {
        let own = front.iter().map(|&i| &points[i]).filter(|point| point.device == device);
        let line: Vec<(f64, f64)> =
            own.map(|point| (frame.px(point.params), frame.py(point.runtime.mean))).collect();
        taken.extend(along(&line));
        scene.push(Mark::Line { points: line, ink: Ink::Muted, width: 1.5, dashed: false });
    }
    for point in &points {
        let (x, y) = (frame.px(point.params), frame.py(point.runtime.mean));
        taken.push([x - 6.0, y - 6.0, x + 6.0, y + 6.0]);
    }
    if frame.y.holds(budget) {
        // The budget's line and its name.
        taken.push([frame.left, frame.py(budget) - 1.0, frame.right(), frame.py(budget) + 1.0]);
        taken.push([frame.left, frame.py(budget) - 18.0, frame.left + 110.0, frame.py(budget)]);
    }
    for (index, point) in points.iter().enumerate() {
        let (x, y) = (frame.px(point.params), frame.py(point.runtime.mean));
        let ink = palette::style(point.subject).ink;
        if let Some(interval) = point.runtime.interval {
            scene.line((x, frame.py(interval.low)), (x, frame.py(interval.high)), ink, 1.2);
        }
        let shape = if front.contains(&index) { Shape::Disc } else { Shape::Ring };
        scene.dot(x, y, 5.0, shape, ink);
        let name = font::cut_label(&data.subjects[point.subject].label, SMALL, 190.0);
        if let Some((at, anchor, bounds)) = place((x, y), font::width(&name, SMALL), &frame, &taken) {
            taken.push(bounds);
            if (at.1 - y).abs() > 20.0 {
                scene.line((x, y), (at.0, at.1), Ink::Muted, 0.5);
            }
            scene.text(at.0, at.1, &name, SMALL, anchor, Ink::Text);
        }
    }
    let lines = if data.devices().len() > 1 {
        "Lines join each device's Pareto front"
    } else {
        "The line joins the Pareto front"
    };
    let caption = format!(
        "Down and to the right is better: larger and faster. {lines} (discs); rings are models that another one beats \
         in both size and speed. Size stands for quality only roughly."
    );
    Some(Plot::new("speed-against-size", title, caption, scene))
}

/// Small boxes along a line, so that names keep clear of it.
fn along(line: &[(f64, f64)]) -> Vec<[f64; 4]> {
    let on = |pair: &[(f64, f64)]| {
        let (from, to) = (pair[0], pair[1]);
        let steps = ((to.0 - from.0).hypot(to.1 - from.1) / 6.0).ceil().max(1.0);
        let at = move |share: f64| (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some hundred steps")]
        let boxes =
            (0..=steps as u32).map(move |i| at(f64::from(i) / steps)).map(|(x, y)| [x, y, x + 1.0, y + 1.0]);
        boxes.collect::<Vec<_>>()
    };
    line.windows(2).flat_map(on).collect()
}

type Placed = ((f64, f64), Anchor, [f64; 4]);

/// The first place beside a point where a name of this width overlaps nothing.
fn place((x, y): (f64, f64), width: f64, frame: &Frame, taken: &[[f64; 4]]) -> Option<Placed> {
    let shifts = [0.0, -12.0, 12.0, -24.0, 24.0, -36.0, 36.0, -50.0, 50.0, -66.0, 66.0, -84.0, 84.0];
    let sides = [(10.0, Anchor::Start), (-10.0, Anchor::End), (0.0, Anchor::Middle)];
    let candidates = shifts.iter().flat_map(|shift| sides.iter().map(move |side| (shift, side)));
    let mut placed = candidates.map(|(shift, (gap, anchor))| {
        let at = (x + gap, y + shift);
        let left = match anchor {
            Anchor::Start => at.0,
            Anchor::Middle => at.0 - width / 2.0,
            Anchor::End => at.0 - width,
        };
        (at, *anchor, [left, at.1 - 7.0, left + width, at.1 + 7.0])
    });
    placed.find(|(_, _, b)| {
        let inside = b[0] > frame.left + 2.0
            && b[2] < WIDTH - 8.0
            && b[1] > frame.top - 6.0
            && b[3] < frame.bottom() - 2.0;
        inside && taken.iter().all(|t| b[2] < t[0] || t[2] < b[0] || b[3] < t[1] || t[3] < b[1])
    })
}
