//! Memory of each model by the engine's own report, and the process's peak.

use super::{Plot, conditions::conditions};
use crate::{
    data::{Measured, ReportData},
    draw::{
        font,
        frame::Frame,
        grid,
        palette::Ink,
        scale::Scale,
        scene::{Anchor, SMALL, Scene, WIDTH},
    },
};
use slm_plan::text;

const PARTS: [(Ink, &str); 3] =
    [(Ink::Hue(0), "weights"), (Ink::Hue(4), "KV cache"), (Ink::Hue(2), "compute buffers")];
const ROW: f64 = 30.0;

/// Draws the plot.
pub(crate) fn plot(data: &ReportData) -> Option<Plot> {
    let rows: Vec<(usize, [f64; 3], f64)> = (0..data.subjects.len())
        .map(|subject| (subject, parts(data, subject), peak(data, subject)))
        .filter(|(_, parts, peak)| parts.iter().sum::<f64>() > 0.0 || *peak > 0.0)
        .collect();
    if rows.is_empty() {
        return None;
    }
    let title = "Memory";
    let height = 76.0 + ROW * rows.len() as f64 + 56.0;
    let mut scene = Scene::titled(height, title, &conditions(data));
    grid::legend(&mut scene, &[PARTS[0], PARTS[1], PARTS[2], (Ink::Text, "peak of the process")]);
    let names = rows.iter().map(|(subject, ..)| font::width(&data.subjects[*subject].label, SMALL));
    let names = names.fold(40.0, f64::max).min(220.0);
    let largest = rows.iter().map(|(_, parts, peak)| parts.iter().sum::<f64>().max(*peak));
    let frame = Frame {
        left: names + 22.0,
        top: 76.0,
        width: WIDTH - names - 22.0 - 76.0,
        height: ROW * rows.len() as f64,
        x: Scale::from_zero(largest),
        y: Scale::from_zero([1.0]),
    };
    frame.draw_x(&mut scene, "MiB", SMALL);
    for tick in frame.x.ticks(6) {
        scene.line((frame.px(tick), frame.top), (frame.px(tick), frame.bottom()), Ink::Grid, 1.0);
    }
    for (index, (subject, parts, peak)) in rows.iter().enumerate() {
        let y = frame.top + ROW * index as f64 + 6.0;
        let name = font::cut_label(&data.subjects[*subject].label, SMALL, names);
        scene.text(names + 14.0, y + 9.0, &name, SMALL, Anchor::End, Ink::Text);
        let mut done = 0.0;
        for (part, (ink, _)) in parts.iter().zip(PARTS) {
            let (from, to) = (frame.px(done), frame.px(done + part));
            scene.bar(from, y, to - from, 18.0, ink);
            done += part;
        }
        if *peak > 0.0 {
            scene.bar(frame.px(*peak) - 1.5, y - 3.0, 3.0, 24.0, Ink::Text);
        }
        let end = frame.px(done.max(*peak)) + 8.0;
        scene.text(end, y + 9.0, &text::figure(done.max(*peak)), SMALL, Anchor::Start, Ink::Text);
    }
    let caption = "Buffers by the engine's own report (weights with repacked copies; the KV cache as allocated \
                   for the longest prompt), and the highest resident set of the agent's process. The peak is below \
                   the sum where pages were never touched, or are mapped but not resident.";
    Some(Plot::new("memory", title, caption, scene))
}

/// Weights, KV cache, compute buffers: the highest of the cells, MiB.
fn parts(data: &ReportData, subject: usize) -> [f64; 3] {
    let highest =
        |pick: fn(&Measured) -> Option<f64>| data.cells_of(subject).filter_map(pick).fold(0.0, f64::max);
    [highest(|m| m.cell.model_mib), highest(|m| m.cell.kv_cache_mib), highest(|m| m.cell.compute_mib)]
}

fn peak(data: &ReportData, subject: usize) -> f64 {
    data.cells_of(subject).filter_map(|m| m.cell.rss_peak_mib).fold(0.0, f64::max)
}
