//! A rectangle with two axes, their ticks, grid and titles.

use super::{
    font,
    palette::Ink,
    scale::Scale,
    scene::{Anchor, Mark, SMALL, Scene, TEXT},
};
use crate::numbers;

/// A panel of a plot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// Left edge of the plotted area, pixels.
    pub(crate) left: f64,
    /// Its upper edge.
    pub(crate) top: f64,
    /// Its width.
    pub(crate) width: f64,
    /// Its height.
    pub(crate) height: f64,
    /// Scale from left to right.
    pub(crate) x: Scale,
    /// Scale from bottom to top.
    pub(crate) y: Scale,
}

impl Frame {
    /// Position of a value from the left, pixels.
    pub(crate) fn px(&self, value: f64) -> f64 {
        self.left + self.width * self.x.share(value)
    }

    /// Position of a value from the top, pixels.
    pub(crate) fn py(&self, value: f64) -> f64 {
        self.top + self.height * (1.0 - self.y.share(value))
    }

    /// Lower edge.
    pub(crate) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Right edge.
    pub(crate) fn right(&self) -> f64 {
        self.left + self.width
    }

    /// Horizontal grid with the values of y; `title` is above the axis, where
    /// it reads horizontally.
    pub(crate) fn draw_y(&self, scene: &mut Scene, title: &str, size: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some ten ticks")]
        let most = (self.height / 25.0).clamp(3.0, 10.0) as usize;
        for tick in self.y.ticks(most) {
            let y = self.py(tick);
            scene.line((self.left, y), (self.right(), y), Ink::Grid, 1.0);
            scene.text(self.left - 6.0, y, &numbers::short(tick), size, Anchor::End, Ink::Muted);
        }
        if !title.is_empty() {
            let title = if self.y.is_log() { format!("{title}, log scale") } else { title.to_owned() };
            scene.text(12.0, self.top - 18.0, &title, TEXT, Anchor::Start, Ink::Text);
        }
    }

    /// Ticks and values of x below, with the title under them.
    pub(crate) fn draw_x(&self, scene: &mut Scene, title: &str, size: f64) {
        let widest = self.x.ticks(8).into_iter().map(|tick| font::width(&numbers::short(tick), size));
        let widest = widest.fold(10.0, f64::max);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some ten ticks")]
        let most = (self.width / (widest + 18.0)).clamp(2.0, 11.0) as usize;
        self.draw_base(scene);
        let mut free_from = f64::MIN;
        for tick in self.x.ticks(most) {
            let (x, text) = (self.px(tick), numbers::short(tick));
            let half = font::width(&text, size) / 2.0;
            scene.line((x, self.bottom()), (x, self.bottom() + 4.0), Ink::Muted, 1.0);
            if x - half >= free_from {
                scene.text(x, self.bottom() + 14.0, &text, size, Anchor::Middle, Ink::Muted);
                free_from = x + half + 4.0;
            }
        }
        self.draw_x_title(scene, title, self.x.is_log());
    }

    /// The title under the values of x.
    pub(crate) fn draw_x_title(&self, scene: &mut Scene, title: &str, log: bool) {
        if !title.is_empty() {
            let title = if log { format!("{title}, log scale") } else { title.to_owned() };
            scene.text(
                self.left + self.width / 2.0,
                self.bottom() + 36.0,
                &title,
                TEXT,
                Anchor::Middle,
                Ink::Text,
            );
        }
    }

    /// The line that x starts from.
    pub(crate) fn draw_base(&self, scene: &mut Scene) {
        scene.line((self.left, self.bottom()), (self.right(), self.bottom()), Ink::Muted, 1.0);
    }

    /// A dashed horizontal line for a limit, with its name above at the left.
    pub(crate) fn draw_limit(&self, scene: &mut Scene, value: f64, name: &str) {
        if self.y.holds(value) {
            let y = self.py(value);
            let points = vec![(self.left, y), (self.right(), y)];
            scene.push(Mark::Line { points, ink: Ink::Text, width: 1.2, dashed: true });
            scene.text(self.left + 6.0, y - 9.0, name, SMALL, Anchor::Start, Ink::Text);
        }
    }
}
