//! Benjamini and Hochberg's correction for many tests at once (1995, J. R. Statist. Soc. B
//! 57): of all calls at a level, at most this share is false on average; where nothing is
//! true, the probability of any call stays at the level. It finds more than Holm's where
//! much has changed at once.

/// Adjusted p values, in the order given: the i-th smallest (from 1) of m times m / i, made
/// monotone from the largest and cut at 1.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let (mut adjusted, mut lowest) = (vec![1.0; p.len()], 1.0f64);
    for (rank, index) in order.into_iter().enumerate().rev() {
        lowest = lowest.min(p[index] * p.len() as f64 / (rank + 1) as f64);
        adjusted[index] = lowest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;

    #[test]
    fn agrees_with_scipy() {
        for (p, expected) in reference::benjamini_hochberg() {
            for (ours, theirs) in benjamini_hochberg(&p).iter().zip(expected) {
                assert!((ours - theirs).abs() < 1e-12, "{ours} {theirs}");
            }
        }
        assert_eq!(benjamini_hochberg(&[]), [0.0; 0]);
    }
}
