//! From marks to SVG and PNG through plotters. Both are drawn on a plane of
//! twice the size, since plotters rounds positions to whole pixels: an SVG is
//! scaled back by its view box, a PNG stays sharp on dense screens and in print.

use super::{
    font,
    palette::{self, Ink},
    scene::{Anchor, Mark, Scene, Shape},
};
use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};
use slm_plan::error::{Error, Result};
use std::io::Cursor;

/// Drawn pixels for each pixel of the scene.
const SCALE: f64 = 2.0;

/// The scene as a standalone SVG document.
///
/// # Errors
/// [`Error::Internal`] when plotters refuses.
pub(crate) fn svg(scene: &Scene) -> Result<String> {
    font::register();
    let (width, height) = size(scene);
    let mut text = String::new();
    {
        let backend = SVGBackend::with_string(&mut text, (width, height));
        let area = backend.into_drawing_area();
        draw(scene, &area)?;
        area.present().map_err(|error| Error::Internal(format!("plot: {error}")))?;
    }
    let (from, to) = (
        format!("<svg width=\"{width}\" height=\"{height}\""),
        format!("<svg width=\"{}\" height=\"{}\" role=\"img\"", scene.width, scene.height),
    );
    // Full opacity is the default; without it a page with many plots is a third smaller.
    Ok(text.replacen(&from, &to, 1).replace(" opacity=\"1\"", "").replace(">\n<", "><"))
}

/// The scene as a PNG file of twice its size.
///
/// # Errors
/// [`Error::Internal`] when plotters or the encoder refuse.
pub(crate) fn png(scene: &Scene) -> Result<Vec<u8>> {
    font::register();
    let (width, height) = size(scene);
    let mut pixels = vec![255u8; width as usize * height as usize * 3];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        draw(scene, &area)?;
        area.present().map_err(|error| Error::Internal(format!("plot: {error}")))?;
    }
    let failed = |error: png::EncodingError| Error::Internal(format!("PNG: {error}"));
    let mut file = Cursor::new(Vec::new());
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(file.into_inner())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "plots have some 1,000 pixels")]
fn size(scene: &Scene) -> (u32, u32) {
    ((scene.width * SCALE).clamp(2.0, 20_000.0) as u32, (scene.height * SCALE).clamp(2.0, 20_000.0) as u32)
}

#[expect(clippy::cast_possible_truncation, reason = "clamped far within an i32")]
fn pixel(value: f64) -> i32 {
    (value * SCALE).clamp(-1e5, 1e5).round() as i32
}

fn point((x, y): (f64, f64)) -> (i32, i32) {
    (pixel(x), pixel(y))
}

fn draw<B: DrawingBackend>(scene: &Scene, area: &DrawingArea<B, Shift>) -> Result<()> {
    let whole = [(0.0, 0.0), (scene.width, 0.0), (scene.width, scene.height), (0.0, scene.height)];
    let paper = Mark::Area { points: whole.to_vec(), ink: Ink::Paper, opacity: 1.0 };
    for mark in std::iter::once(&paper).chain(&scene.marks) {
        draw_mark(mark, area).map_err(|error| Error::Internal(format!("plot: {error}")))?;
    }
    Ok(())
}

type Drawn<B> = std::result::Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

fn draw_mark<B: DrawingBackend>(mark: &Mark, area: &DrawingArea<B, Shift>) -> Drawn<B> {
    match mark {
        Mark::Line { points, ink, width, dashed } => {
            let style = stroke(*ink, *width);
            let whole = vec![points.clone()];
            for part in if *dashed { dashes(points) } else { whole } {
                area.draw(&PathElement::new(part.into_iter().map(point).collect::<Vec<_>>(), style))?;
            }
            Ok(())
        }
        Mark::Area { points, ink, opacity } => {
            let fill = palette::rgb(*ink).mix(*opacity).filled();
            area.draw(&Polygon::new(points.iter().copied().map(point).collect::<Vec<_>>(), fill))
        }
        Mark::Bar { x, y, w, h, ink, opacity } => {
            let fill = palette::rgb(*ink).mix(*opacity).filled();
            area.draw(&Rectangle::new([point((*x, *y)), point((x + w, y + h))], fill))
        }
        Mark::Dot { x, y, radius, shape, ink, opacity } => {
            draw_dot(area, (*x, *y), *radius, *shape, *ink, *opacity)
        }
        Mark::Text { x, y, text, size, anchor, ink, bold, upward } => {
            let h = match anchor {
                Anchor::Start => HPos::Left,
                Anchor::Middle => HPos::Center,
                Anchor::End => HPos::Right,
            };
            let mut desc = font::of_size(size * SCALE, *bold);
            if *upward {
                desc = desc.transform(FontTransform::Rotate270);
            }
            let style = desc.color(&palette::rgb(*ink)).pos(Pos::new(h, VPos::Center));
            area.draw(&Text::new(text.as_str(), point((*x, *y)), style))
        }
    }
}

fn draw_dot<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    at: (f64, f64),
    radius: f64,
    shape: Shape,
    ink: Ink,
    opacity: f64,
) -> Drawn<B> {
    let colour = palette::rgb(ink).mix(opacity);
    match shape {
        Shape::Disc => area.draw(&Circle::new(point(at), pixel(radius), colour.filled())),
        Shape::Ring => {
            area.draw(&Circle::new(point(at), pixel(radius), palette::rgb(Ink::Paper).filled()))?;
            area.draw(&Circle::new(point(at), pixel(radius), colour.stroke_width(stroke_pixels(1.5))))
        }
        Shape::Cross => {
            let style = colour.stroke_width(stroke_pixels(1.2));
            for slope in [-1.0, 1.0] {
                let (from, to) =
                    ((at.0 - radius, at.1 - slope * radius), (at.0 + radius, at.1 + slope * radius));
                area.draw(&PathElement::new(vec![point(from), point(to)], style))?;
            }
            Ok(())
        }
    }
}

fn stroke(ink: Ink, width: f64) -> ShapeStyle {
    palette::rgb(ink).stroke_width(stroke_pixels(width))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few pixels")]
fn stroke_pixels(width: f64) -> u32 {
    (width * SCALE).round().clamp(1.0, 100.0) as u32
}

/// Cuts a line into dashes of 6 pixels with gaps of 4.
fn dashes(points: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
    let mut parts = Vec::new();
    let (mut on, mut left) = (true, 6.0);
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let at = |d: f64| (from.0 + (to.0 - from.0) * d / length, from.1 + (to.1 - from.1) * d / length);
        let mut done = 0.0;
        while done < length {
            let step = f64::min(left, length - done);
            if on {
                parts.push(vec![at(done), at(done + step)]);
            }
            done += step;
            left -= step;
            if left <= 1e-9 {
                on = !on;
                left = if on { 6.0 } else { 4.0 };
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene() -> Scene {
        let mut scene = Scene::titled(120.0, "A <title> & more", "conditions");
        scene.line((0.0, 60.0), (800.0, 60.0), Ink::Grid, 1.0);
        scene.dot(100.0, 60.0, 4.0, Shape::Ring, Ink::Hue(1));
        scene
    }

    #[test]
    fn an_svg_escapes_its_texts_and_keeps_its_size() {
        let text = svg(&scene()).unwrap();
        assert!(
            text.starts_with("<svg width=\"800\" height=\"120\" role=\"img\" viewBox=\"0 0 1600 240\""),
            "{text}"
        );
        assert!(text.contains("A &lt;title&gt; &amp; more") && !text.contains("<title>"), "{text}");
    }

    #[test]
    fn a_png_has_dark_pixels_where_text_is() {
        let bytes = png(&scene()).unwrap();
        let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (1600, 240));
        let title = pixels.chunks(1600 * 3).take(56).flatten().filter(|&&value| value < 90).count();
        assert!(title > 300, "{title}");
    }

    #[test]
    fn dashes_cover_six_tenths() {
        let parts = dashes(&[(0.0, 0.0), (50.0, 0.0), (100.0, 0.0)]);
        let drawn: f64 = parts.iter().map(|part| part[1].0 - part[0].0).sum();
        assert!((drawn - 60.0).abs() < 1e-6, "{drawn}");
    }
}
