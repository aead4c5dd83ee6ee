//! Colours: those of Okabe and Ito (2008), "Color Universal Design", which
//! people with colour-blindness can tell apart, without the yellow, which is too
//! faint on white. The page maps each to a lighter one in dark mode.

use plotters::style::RGBColor;

/// What a mark is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ink {
    /// Background.
    Paper,
    /// Titles, labels, outlines.
    Text,
    /// Axis texts and remarks.
    Muted,
    /// Grid lines.
    Grid,
    /// One of the series' colours.
    Hue(u8),
}

/// Number of hues.
pub(crate) const HUES: usize = 7;

const OKABE_ITO: [(u8, u8, u8); HUES] = [
    (0, 114, 178),   // blue
    (213, 94, 0),    // vermillion
    (0, 158, 115),   // bluish green
    (204, 121, 167), // reddish purple
    (230, 159, 0),   // orange
    (86, 180, 233),  // sky blue
    (90, 90, 96),    // grey in place of black, which is the text's
];

/// How a series differs from the others: by colour first, then by line and point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// Colour.
    pub(crate) ink: Ink,
    /// From the eighth series on colours repeat, with dashed lines and rings.
    pub(crate) second: bool,
}

/// The style of series `index`.
pub(crate) fn style(index: usize) -> Style {
    let hue = u8::try_from(index % HUES).unwrap_or(0);
    Style { ink: Ink::Hue(hue), second: (index / HUES) % 2 == 1 }
}

/// The colour on white.
pub(crate) fn rgb(ink: Ink) -> RGBColor {
    let (r, g, b) = match ink {
        Ink::Paper => (255, 255, 255),
        Ink::Text => (28, 30, 33),
        Ink::Muted => (93, 98, 105),
        Ink::Grid => (222, 225, 229),
        Ink::Hue(hue) => OKABE_ITO[usize::from(hue) % HUES],
    };
    RGBColor(r, g, b)
}
