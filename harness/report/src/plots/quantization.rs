//! First-token and decode latency against the prompt's length, a line for each
//! quantization of a model (the form of the survey's Figure 8).

use super::{Plot, conditions::conditions, context::context_scale};
use crate::{
    data::{Measured, ReportData},
    draw::{
        font,
        frame::Frame,
        labels::{self, Label},
        palette,
        scale::Scale,
        scene::{Anchor, Mark, SMALL, Scene, Shape, TEXT, WIDTH},
    },
    studies::{Study, decode_ms, first_token_ms, studies},
};
use slm_results::read::Metric;

/// Models that are plotted at most.
const MOST: usize = 6;
const TOP: f64 = 96.0;

type Latency = fn(&Measured) -> Option<(f64, Option<(f64, f64)>)>;

/// The two panels.
const PANELS: [(&str, Latency); 2] =
    [("first token (ms)", first_token_ms), ("each further token (ms)", decode_ms)];

/// One plot for each model that has several types.
pub(crate) fn plots(data: &ReportData) -> Vec<Plot> {
    let studies = studies(data);
    let alone = studies.len() == 1;
    let drawn = studies.iter().take(MOST).enumerate();
    drawn
        .filter_map(|(index, study)| {
            let scene = draw(data, study)?;
            let name = if alone { "quantization".to_owned() } else { format!("quantization-{}", index + 1) };
            let caption = "Lower is better. Both panels begin at zero unless an axis says log scale. Points are means over a \
                           cell's prompts, bars their 95 % intervals; the type is that of most matrices, the table lists \
                           the bits.";
            Some(Plot::new(name, title(data, study), caption, scene))
        })
        .collect()
}

fn title(data: &ReportData, study: &Study) -> String {
    format!("Latency by quantization: {}", study.name(data))
}

fn draw(data: &ReportData, study: &Study) -> Option<Scene> {
    let has_figures =
        |&&subject: &&usize| data.cells_of(subject).any(|m| m.cell.estimate(Metric::Ttft).is_some());
    if study.subjects.iter().filter(has_figures).count() < 2 {
        return None;
    }
    let names = study.subjects.iter().map(|&subject| font::width(&data.subjects[subject].quant, SMALL));
    let names = names.fold(40.0, f64::max).min(170.0);
    let height = 400.0f64.max(TOP + 60.0 + 16.0 * study.subjects.len() as f64);
    let mut scene = Scene::titled(height, &title(data, study), &conditions(data));
    let width = (WIDTH - names - 34.0 - 58.0 - 62.0) / 2.0;
    for (column, (axis, latency)) in PANELS.iter().enumerate() {
        let left = 58.0 + column as f64 * (width + 62.0);
        let ends = panel(&mut scene, data, study, (axis, *latency), [left, width, height - TOP - 54.0]);
        if column + 1 == PANELS.len() {
            labels::draw(&mut scene, ends, left + width + 24.0, names, (TOP - 8.0, height - 20.0));
        }
    }
    Some(scene)
}

/// Draws one panel; returns where its lines end.
fn panel(
    scene: &mut Scene,
    data: &ReportData,
    study: &Study,
    (axis, latency): (&str, Latency),
    [left, width, height]: [f64; 3],
) -> Vec<Label> {
    let measured = || study.subjects.iter().flat_map(|&subject| data.cells_of(subject));
    let lengths: Vec<f64> = measured().filter(|m| latency(m).is_some()).map(Measured::tokens_in).collect();
    let values: Vec<f64> = measured().filter_map(latency).map(|(mean, _)| mean).collect();
    if values.is_empty() {
        return Vec::new();
    }
    let frame =
        Frame { left, top: TOP, width, height, x: context_scale(&lengths), y: Scale::fitting(&values) };
    frame.draw_y(scene, "", SMALL);
    let axis = if frame.y.is_log() { format!("{axis}, log scale") } else { axis.to_owned() };
    scene.text(left - 40.0, TOP - 20.0, &axis, TEXT, Anchor::Start, palette::Ink::Text);
    frame.draw_x(scene, "prompt tokens", SMALL);
    let mut ends = Vec::new();
    for (index, &subject) in study.subjects.iter().enumerate() {
        let style = palette::style(index);
        let cells: Vec<_> = data.cells_of(subject).filter_map(|m| Some((m, latency(m)?))).collect();
        let points: Vec<(f64, f64)> =
            cells.iter().map(|(m, (mean, _))| (frame.px(m.tokens_in()), frame.py(*mean))).collect();
        scene.push(Mark::Line { points: points.clone(), ink: style.ink, width: 1.8, dashed: style.second });
        for ((_, (_, interval)), (x, y)) in cells.iter().zip(&points) {
            if let Some((low, high)) = interval {
                scene.line((*x, frame.py(*low)), (*x, frame.py(*high)), style.ink, 1.2);
            }
            let shape = if style.second { Shape::Ring } else { Shape::Disc };
            scene.dot(*x, *y, 3.4, shape, style.ink);
        }
        let text = data.subjects[subject].quant.clone();
        ends.extend(points.last().map(|&(x, y)| Label { y, x, text, style }));
    }
    ends
}
