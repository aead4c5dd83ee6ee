//! Runtime of every cell, stacked into the time to the first token and decoding.

use super::{Plot, conditions::conditions};
use crate::{
    data::ReportData,
    draw::{
        frame::Frame,
        grid,
        palette::Ink,
        scale::Scale,
        scene::{Anchor, SMALL, Scene},
    },
    names,
};
use slm_plan::text;

const PREFILL: Ink = Ink::Hue(0);
const DECODE: Ink = Ink::Hue(4);

/// Draws the plot.
pub(crate) fn plot(data: &ReportData) -> Option<Plot> {
    let with_figures = |subject: &usize| data.cells_of(*subject).any(|m| m.cell.runtime_s.is_some());
    let subjects: Vec<usize> = (0..data.subjects.len()).filter(with_figures).collect();
    if subjects.is_empty() {
        return None;
    }
    let title = "Where the time goes: prefill and decode";
    let mut scene = Scene::titled(grid::height(subjects.len()), title, &conditions(data));
    grid::legend(&mut scene, &[(PREFILL, "to the first token (prefill)"), (DECODE, "other tokens (decode)")]);
    let names: Vec<&str> = subjects.iter().map(|&subject| data.subjects[subject].label.as_str()).collect();
    for (panel, &subject) in grid::panels(&mut scene, &names).into_iter().zip(&subjects) {
        draw_panel(&mut scene, panel, data, subject);
    }
    let caption = "Mean runtime of each context length in seconds, stacked; lower is better. Every panel has \
                   its own scale: the numbers on the bars compare models.";
    Some(Plot::new("phases", title, caption, scene))
}

fn draw_panel(scene: &mut Scene, panel: grid::Panel, data: &ReportData, subject: usize) {
    let cells: Vec<_> = data.cells_of(subject).collect();
    let runtimes: Vec<f64> = cells.iter().filter_map(|m| m.cell.runtime_s).map(|e| e.mean).collect();
    let frame = Frame {
        left: panel.left,
        top: panel.top,
        width: panel.width,
        height: panel.height,
        x: Scale::from_zero([1.0]),
        y: Scale::from_zero(runtimes),
    };
    frame.draw_y(scene, "", SMALL);
    frame.draw_base(scene);
    let slot = frame.width / cells.len() as f64;
    let width = (slot * 0.62).min(60.0);
    for (index, measured) in cells.iter().enumerate() {
        let middle = frame.left + slot * (index as f64 + 0.5);
        let name = names::context_short(measured.cell.key.context);
        scene.text(middle, frame.bottom() + 12.0, &name, SMALL, Anchor::Middle, Ink::Muted);
        let (Some(runtime), Some(ttft)) = (measured.cell.runtime_s, measured.cell.ttft_s) else {
            scene.text(middle, frame.bottom() - 10.0, "failed", SMALL - 1.5, Anchor::Middle, Ink::Muted);
            continue;
        };
        let (top, split) = (frame.py(runtime.mean), frame.py(ttft.mean.min(runtime.mean)));
        scene.bar(middle - width / 2.0, split, width, frame.bottom() - split, PREFILL);
        scene.bar(middle - width / 2.0, top, width, split - top, DECODE);
        let text = text::figure(runtime.mean);
        scene.text(middle, top - 8.0, &text, SMALL - 1.5, Anchor::Middle, Ink::Text);
    }
    let contexts: Vec<_> = cells.iter().map(|m| m.cell.key.context).collect();
    let unit = format!("{}; seconds", names::context_unit(&contexts));
    scene.text(
        frame.left + frame.width / 2.0,
        frame.bottom() + 26.0,
        &unit,
        SMALL - 1.5,
        Anchor::Middle,
        Ink::Muted,
    );
}
