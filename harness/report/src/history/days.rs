//! The time axis: days of the calendar below a panel.

use crate::draw::{
    font,
    frame::Frame,
    palette::Ink,
    scene::{Anchor, SMALL, Scene, WIDTH},
};
use slm_results::schema::UtcTime;

const SIZE: f64 = SMALL - 1.0;
/// Least room between two texts, pixels.
const GAP: f64 = 10.0;
const DAY_NS: u64 = 86_400_000_000_000;
const HOUR_NS: u64 = DAY_NS / 24;

/// Where a mark stands, and its text.
type Tick = (UtcTime, String);

/// Draws the marks of `first..=last`; `x` is a moment's position.
pub(super) fn draw(
    scene: &mut Scene,
    frame: &Frame,
    first: UtcTime,
    last: UtcTime,
    x: &dyn Fn(UtcTime) -> f64,
) {
    frame.draw_base(scene);
    for (moment, text) in ticks(first, last, frame.width) {
        let x = x(moment);
        scene.line((x, frame.bottom()), (x, frame.bottom() + 4.0), Ink::Muted, 1.0);
        let half = font::width(&text, SIZE) / 2.0;
        let middle = x.clamp(half + 2.0, WIDTH - half - 2.0);
        scene.text(middle, frame.bottom() + 14.0, &text, SIZE, Anchor::Middle, Ink::Muted);
    }
}

/// The densest marks whose texts have room.
fn ticks(first: UtcTime, last: UtcTime, width: f64) -> Vec<Tick> {
    let all = [1, 2, 3, 6, 12].into_iter().map(|hours| every(first, last, hours * HOUR_NS, 11..16));
    let all = all.chain([1, 2, 4, 7, 14].into_iter().map(|days| every(first, last, days * DAY_NS, 5..10)));
    let mut all =
        all.chain([1, 2, 3, 6, 12, 24, 60].into_iter().map(|months| every_months(first, last, months)));
    let span = (last.unix_s() - first.unix_s()).max(1.0);
    let has_room = |ticks: &Vec<Tick>| {
        let places: Vec<f64> =
            ticks.iter().map(|tick| (tick.0.unix_s() - first.unix_s()) / span * width).collect();
        let widest = ticks.iter().map(|tick| font::width(&tick.1, SIZE)).fold(0.0, f64::max);
        places.windows(2).all(|pair| pair[1] - pair[0] >= widest + GAP)
    };
    all.find(has_room).unwrap_or_default()
}

/// Multiples of a step, each with a part of its time as text.
fn every(first: UtcTime, last: UtcTime, step_ns: u64, shown: std::ops::Range<usize>) -> Vec<Tick> {
    let all = (first.unix_ns.div_ceil(step_ns)..=last.unix_ns / step_ns).take(MOST);
    let tick = |index: u64| {
        let moment = UtcTime { unix_ns: index * step_ns };
        Some((moment, moment.to_string().get(shown.clone())?.to_owned()))
    };
    all.filter_map(tick).collect()
}

/// Marks of a panel that are looked at; of more none would have room.
const MOST: usize = 60;

/// The first days of months, every so many months of a year.
fn every_months(first: UtcTime, last: UtcTime, step: u32) -> Vec<Tick> {
    let year = |moment: UtcTime| moment.to_string().get(..4).and_then(|year| year.parse::<u32>().ok());
    let (Some(from), Some(to)) = (year(first), year(last)) else { return Vec::new() };
    let months = (from * 12..(to + 1) * 12).filter(|month| month % step == 0);
    let tick = |month: u32| {
        let text = format!("{}-{:02}", month / 12, month % 12 + 1);
        let moment: UtcTime = format!("{text}-01T00:00:00Z").parse().ok()?;
        let is_within = first.unix_ns <= moment.unix_ns && moment.unix_ns <= last.unix_ns;
        is_within.then_some((moment, text))
    };
    months.filter_map(tick).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(first: &str, last: &str) -> Vec<String> {
        ticks(first.parse().unwrap(), last.parse().unwrap(), 200.0).into_iter().map(|tick| tick.1).collect()
    }

    #[test]
    fn marks_suit_the_time_that_is_shown() {
        assert_eq!(texts("2026-01-02T03:00:00Z", "2026-01-02T09:00:00Z"), ["04:00", "06:00", "08:00"]);
        assert_eq!(texts("2026-01-02T03:00:00Z", "2026-01-12T09:00:00Z"), ["01-03", "01-07", "01-11"]);
        assert_eq!(texts("2026-01-02T03:00:00Z", "2026-04-03T09:00:00Z"), ["2026-02", "2026-03", "2026-04"]);
        assert_eq!(texts("2024-11-02T03:00:00Z", "2026-04-03T09:00:00Z"), ["2025-01", "2025-07", "2026-01"]);
        assert_eq!(texts("2026-01-02T03:00:00Z", "2026-01-02T03:00:00Z"), ["03:00"]);
    }
}
