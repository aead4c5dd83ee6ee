//! Holm's correction for many tests at once (Holm 1979, Scand. J. Statist. 6): the
//! probability of one false call among all tests stays at the level, however the
//! tests depend on each other.

/// Adjusted p values, in the order given: the i-th smallest (from 0) of m times
/// m - i, made monotone and cut at 1.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let (mut adjusted, mut highest) = (vec![1.0; p.len()], 0.0f64);
    for (rank, index) in order.into_iter().enumerate() {
        highest = highest.max(p[index] * (p.len() - rank) as f64).min(1.0);
        adjusted[index] = highest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;

    #[test]
    fn agrees_with_the_reference() {
        // Holm (1979) by hand: 4 × 0.005, 3 × 0.01, 2 × 0.03, max(0.06, 0.04).
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (ours, theirs) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((ours - theirs).abs() < 1e-12);
        }
        for (p, expected) in reference::holm() {
            for (ours, theirs) in holm(&p).iter().zip(expected) {
                assert!((ours - theirs).abs() < 1e-12, "{ours} {theirs}");
            }
        }
        assert_eq!(holm(&[]), [0.0; 0]);
    }
}
