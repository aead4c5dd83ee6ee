//! Names beside the ends of lines, moved apart where they would overlap, each
//! joined to its line by a thin one.

use super::{
    font,
    palette::Style,
    scene::{Anchor, SMALL, Scene},
};

/// A name and its preferred position.
pub(crate) struct Label {
    /// Height of its line's end, pixels.
    pub(crate) y: f64,
    /// Right end of its line, pixels.
    pub(crate) x: f64,
    /// Name.
    pub(crate) text: String,
    /// The style of its line.
    pub(crate) style: Style,
}

/// Height of a line of labels, pixels.
const LINE: f64 = 15.0;

/// Draws names in a column at `x`, between `top` and `bottom`, cut to `width`.
pub(crate) fn draw(scene: &mut Scene, mut labels: Vec<Label>, x: f64, width: f64, (top, bottom): (f64, f64)) {
    labels.sort_by(|a, b| a.y.total_cmp(&b.y));
    let wanted: Vec<f64> = labels.iter().map(|label| label.y).collect();
    for (label, y) in labels.iter().zip(apart(&wanted, LINE, top, bottom)) {
        scene.line((label.x + 5.0, label.y), (x - 4.0, y), label.style.ink, 0.5);
        let text = font::cut_label(&label.text, SMALL, width);
        scene.text(x, y, &text, SMALL, Anchor::Start, label.style.ink);
    }
}

/// Moves ascending positions apart to at least `gap`, as little as is needed, and
/// into `low..=high` as far as there is room.
pub(crate) fn apart(wanted: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    // Clusters of touching labels share the mean of what they want (pool adjacent violators).
    let mut clusters: Vec<(f64, usize)> = Vec::new();
    let start = |&(centre, n): &(f64, usize)| {
        let extent = gap * (n as f64 - 1.0);
        let first = centre - extent / 2.0;
        first.min(high - extent).max(low)
    };
    for &y in wanted {
        clusters.push((y, 1));
        while let [.., a, b] = clusters[..] {
            if start(&b) - (start(&a) + gap * (a.1 as f64 - 1.0)) >= gap {
                break;
            }
            let n = a.1 + b.1;
            let centre = (a.0 * a.1 as f64 + b.0 * b.1 as f64) / n as f64;
            clusters.truncate(clusters.len() - 2);
            clusters.push((centre, n));
        }
    }
    clusters.iter().flat_map(|c| (0..c.1).map(|i| start(c) + gap * i as f64).collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_with_room_stay() {
        assert_eq!(apart(&[10.0, 50.0, 90.0], 15.0, 0.0, 100.0), [10.0, 50.0, 90.0]);
        assert_eq!(apart(&[50.0, 50.0], 10.0, 0.0, 100.0), [45.0, 55.0]);
    }

    proptest! {
        #[test]
        fn labels_never_overlap(mut wanted in proptest::collection::vec(0.0f64..400.0, 1..25)) {
            wanted.sort_by(f64::total_cmp);
            let placed = apart(&wanted, 15.0, 0.0, 400.0);
            prop_assert_eq!(placed.len(), wanted.len());
            prop_assert!(placed.windows(2).all(|pair| pair[1] - pair[0] >= 15.0 - 1e-6), "{:?}", placed);
            prop_assert!(placed[0] >= -1e-6 && placed[placed.len() - 1] <= 400.0 + 1e-6);
        }
    }
}
