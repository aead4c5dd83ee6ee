//! The built-in font: measuring and cutting texts. Widths have a reserve, since
//! an SVG on its own is shown in whatever font the reader has.

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};
use std::sync::Once;

/// Names of the font, for SVG viewers without our file.
pub(crate) const FAMILY: &str = "Roboto, 'Helvetica Neue', Arial, sans-serif";
/// The file.
pub(crate) const FILE: &[u8] = include_bytes!("../assets/Roboto-subset.ttf");
/// Plotters gives a font's height, not its em.
const HEIGHT_TO_EM: f64 = 1.24;
/// Other fonts may be this much wider than ours.
const RESERVE: f64 = 1.06;

/// Makes the font known to plotters, once.
pub(crate) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The file is built in: it is read or no build would pass its tests.
        let _ = register_font(FAMILY, FontStyle::Normal, FILE);
    });
}

/// The font with a size of `em` pixels.
pub(crate) fn of_size(em: f64, bold: bool) -> FontDesc<'static> {
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    FontDesc::new(FontFamily::Name(FAMILY), em * HEIGHT_TO_EM, style)
}

/// Width of a text, pixels, with a reserve.
pub(crate) fn width(text: &str, em: f64) -> f64 {
    register();
    // Measured large, since plotters rounds to whole pixels.
    let measured = of_size(100.0, false).layout_box(text).map(|((left, _), (right, _))| right - left);
    measured.map_or(0.6 * em * text.chars().count() as f64, |w| f64::from(w) * em / 100.0 * RESERVE)
}

/// A text cut to a width, with an ellipsis where something is missing.
pub(crate) fn cut(text: &str, em: f64, available: f64) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if width(&text, em) <= available {
        return text;
    }
    let mut chars: Vec<char> = text.chars().take(400).collect();
    while !chars.is_empty() {
        chars.pop();
        let shorter = chars.iter().collect::<String>().trim_end().to_owned() + "…";
        if width(&shorter, em) <= available {
            return shorter;
        }
    }
    "…".to_owned()
}

/// A subject's label, cut where it is too long; what distinguishes it follows its name
/// and is kept if it fits.
pub(crate) fn cut_label(label: &str, em: f64, available: f64) -> String {
    let Some((name, distinction)) = label.split_once(" · ").filter(|_| width(label, em) > available) else {
        return cut(label, em, available);
    };
    let distinction = format!(" · {distinction}");
    let room = available - width(&distinction, em);
    if room < available / 4.0 {
        cut(label, em, available)
    } else {
        cut(name, em, room) + &cut(&distinction, em, available)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_keeps_what_tells_it_from_others() {
        let label = "slimlm-125m-q4f32_1-MLC · tvm-relax-vm";
        let short = cut_label(label, 12.0, 200.0);
        assert!(short.starts_with("slimlm") && short.ends_with("… · tvm-relax-vm"), "{short}");
        assert!(width(&short, 12.0) <= 200.0, "{short}");
        assert_eq!(cut_label(label, 12.0, 1000.0), label);
        assert!(cut_label(label, 12.0, 60.0).ends_with('…'), "no room for either");
    }

    #[test]
    fn texts_are_measured_and_cut() {
        assert!(width("WWWW", 10.0) > 2.0 * width("iiii", 10.0));
        assert_eq!(cut("short", 12.0, 200.0), "short");
        let name = cut(&"a-very-long-model-name-".repeat(10), 12.0, 150.0);
        assert!(name.ends_with('…') && width(&name, 12.0) <= 150.0);
        assert_eq!(cut("a\u{1b}b", 12.0, 99.0), "a\u{fffd}b");
    }
}
