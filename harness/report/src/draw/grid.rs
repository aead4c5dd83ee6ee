//! Small panels side by side, one for each model, and a legend over them.

use super::{
    font,
    palette::Ink,
    scene::{Anchor, Mark, SMALL, Scene, WIDTH},
};

/// A panel's axes, pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panel {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

const TOP: f64 = 76.0;

/// Height of a plot of `count` panels.
pub(crate) fn height(count: usize) -> f64 {
    let (_, rows, row) = shape(count);
    TOP + rows as f64 * row + 30.0
}

/// The panels of a plot, each with its name above.
pub(crate) fn panels(scene: &mut Scene, names: &[&str]) -> Vec<Panel> {
    let (columns, _, row) = shape(names.len());
    let width = (WIDTH - 16.0) / columns as f64;
    let mut panels = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let (column, line) = (index % columns, index / columns);
        let (x, y) = (8.0 + column as f64 * width, TOP + line as f64 * row);
        let panel = Panel { left: x + 46.0, top: y + 30.0, width: width - 60.0, height: row - 64.0 };
        let text = font::cut_label(name, SMALL, width - 24.0);
        scene.push(Mark::Text {
            x: x + 6.0,
            y: y + 10.0,
            text,
            size: SMALL,
            anchor: Anchor::Start,
            ink: Ink::Text,
            bold: true,
            upward: false,
        });
        panels.push(panel);
    }
    panels
}

/// Columns, rows, and the height of a row.
fn shape(count: usize) -> (usize, usize, f64) {
    let columns = count.clamp(1, 3);
    let rows = count.div_ceil(columns).max(1);
    (columns, rows, if rows == 1 { 300.0 } else { 196.0 })
}

/// Names of colours in a row, below the conditions.
pub(crate) fn legend(scene: &mut Scene, entries: &[(Ink, &str)]) {
    let mut x = 14.0;
    for (ink, name) in entries {
        scene.bar(x, 54.0, 12.0, 10.0, *ink);
        scene.text(x + 18.0, 59.0, name, SMALL, Anchor::Start, Ink::Text);
        x += 34.0 + font::width(name, SMALL);
    }
}
