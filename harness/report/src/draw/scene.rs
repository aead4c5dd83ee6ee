//! A plot as marks on a plane of pixels, before it becomes SVG or PNG. Both
//! come from the same marks, which tests can inspect.

use super::{font, palette::Ink};

/// Alignment of a text to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// It begins there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

/// Form of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Filled circle.
    Disc,
    /// Circle without filling.
    Ring,
    /// Diagonal cross: a suspect or throttled trial.
    Cross,
}

/// One thing to draw. Positions and sizes are in pixels, y downwards; a text's
/// y is the middle of its line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mark {
    /// A line through points.
    Line { points: Vec<(f64, f64)>, ink: Ink, width: f64, dashed: bool },
    /// A filled polygon.
    Area { points: Vec<(f64, f64)>, ink: Ink, opacity: f64 },
    /// A filled rectangle: left, top, width, height.
    Bar { x: f64, y: f64, w: f64, h: f64, ink: Ink, opacity: f64 },
    /// A point.
    Dot { x: f64, y: f64, radius: f64, shape: Shape, ink: Ink, opacity: f64 },
    /// A line of text; `upward` is turned a quarter to the left.
    Text { x: f64, y: f64, text: String, size: f64, anchor: Anchor, ink: Ink, bold: bool, upward: bool },
}

/// A plot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scene {
    /// Width, pixels.
    pub(crate) width: f64,
    /// Height, pixels.
    pub(crate) height: f64,
    /// What is drawn, back to front.
    pub(crate) marks: Vec<Mark>,
}

/// Size of plain text, pixels.
pub(crate) const TEXT: f64 = 14.0;
/// Size of labels at points and of remarks, pixels.
pub(crate) const SMALL: f64 = 12.5;
/// Width of every plot, pixels.
pub(crate) const WIDTH: f64 = 800.0;

impl Scene {
    /// An empty plot with its title and, below it, its conditions.
    pub(crate) fn titled(height: f64, title: &str, conditions: &str) -> Self {
        let mut scene = Self { width: WIDTH, height, marks: Vec::new() };
        scene.push(Mark::Text {
            x: 12.0,
            y: 18.0,
            text: font::cut(title, 17.0, WIDTH - 24.0),
            size: 17.0,
            anchor: Anchor::Start,
            ink: Ink::Text,
            bold: true,
            upward: false,
        });
        scene.text(12.0, 40.0, &font::cut(conditions, SMALL, WIDTH - 24.0), SMALL, Anchor::Start, Ink::Muted);
        scene
    }

    /// Adds a mark.
    pub(crate) fn push(&mut self, mark: Mark) {
        self.marks.push(mark);
    }

    /// Adds a plain text.
    pub(crate) fn text(&mut self, x: f64, y: f64, text: &str, size: f64, anchor: Anchor, ink: Ink) {
        let text = text.to_owned();
        self.push(Mark::Text { x, y, text, size, anchor, ink, bold: false, upward: false });
    }

    /// Adds a straight line.
    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), ink: Ink, width: f64) {
        self.push(Mark::Line { points: vec![from, to], ink, width, dashed: false });
    }

    /// Adds a filled rectangle.
    pub(crate) fn bar(&mut self, x: f64, y: f64, w: f64, h: f64, ink: Ink) {
        self.push(Mark::Bar { x, y, w, h, ink, opacity: 1.0 });
    }

    /// Adds a point.
    pub(crate) fn dot(&mut self, x: f64, y: f64, radius: f64, shape: Shape, ink: Ink) {
        self.push(Mark::Dot { x, y, radius, shape, ink, opacity: 1.0 });
    }
}

/// Boxes of the texts of a scene: left, top, right, bottom. For tests of overlap.
#[cfg(test)]
pub(crate) fn text_boxes(scene: &Scene) -> Vec<(String, [f64; 4])> {
    let of = |mark: &Mark| match mark {
        Mark::Text { x, y, text, size, anchor, upward, .. } => {
            let (w, h) = (font::width(text, *size), size * 0.9);
            let left = match anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => w / 2.0,
                Anchor::End => w,
            };
            Some(if *upward {
                (text.clone(), [x - h / 2.0, y - w / 2.0, x + h / 2.0, y + w / 2.0])
            } else {
                (text.clone(), [x - left, y - h / 2.0, x - left + w, y + h / 2.0])
            })
        }
        _ => None,
    };
    scene.marks.iter().filter_map(of).collect()
}
