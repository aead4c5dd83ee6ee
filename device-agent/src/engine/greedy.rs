//! Greedy choice over a row of logits, quick enough not to show in a figure.

use super::session::Sampled;

/// Lanes worked on at once; the compiler turns them into vector instructions.
const LANES: usize = 16;

/// The index of the highest logit (the lowest of equals), and whether all are finite.
/// NaN never wins; a row of nothing but NaN gives index 0.
pub(super) fn greedy(row: &[f32]) -> Sampled {
    let mut highest = [f32::NEG_INFINITY; LANES];
    // x * 0 is 0 for a finite x and NaN for any other, and NaN sticks in a sum.
    let mut zeros = [0f32; LANES];
    let chunks = row.chunks_exact(LANES);
    let tail = chunks.remainder();
    for chunk in chunks {
        for lane in 0..LANES {
            highest[lane] = if chunk[lane] > highest[lane] { chunk[lane] } else { highest[lane] };
            zeros[lane] += chunk[lane] * 0.0;
        }
    }
    for (lane, value) in tail.iter().enumerate() {
        highest[lane] = if *value > highest[lane] { *value } else { highest[lane] };
        zeros[lane] += value * 0.0;
    }
    let max = highest.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let index = position(row, max).unwrap_or(0);
    Sampled { token: i32::try_from(index).unwrap_or(i32::MAX), finite: zeros.iter().all(|zero| *zero == 0.0) }
}

/// The first index of `value`, chunk by chunk: a whole chunk is compared without
/// branches, which the compiler vectorises.
#[expect(clippy::float_cmp, reason = "the value was taken from this very row")]
fn position(row: &[f32], value: f32) -> Option<usize> {
    let mut base = 0;
    for chunk in row.chunks(4 * LANES) {
        if chunk.iter().map(|x| u8::from(*x == value)).max() == Some(1) {
            return chunk.iter().position(|x| *x == value).map(|offset| base + offset);
        }
        base += chunk.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive(row: &[f32]) -> i32 {
        let mut best = (0, f32::NEG_INFINITY);
        for (index, value) in row.iter().enumerate() {
            if *value > best.1 {
                best = (index, *value);
            }
        }
        i32::try_from(best.0).unwrap()
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_naive_loop(row in proptest::collection::vec(-3i8..3, 1..300)) {
            let row: Vec<f32> = row.into_iter().map(f32::from).collect();
            prop_assert_eq!(greedy(&row), Sampled { token: naive(&row), finite: true });
        }

        #[test]
        fn one_bad_value_anywhere_is_seen(length in 1usize..200, at in 0usize..200, bad in 0usize..3) {
            let mut row = vec![1.0f32; length];
            let at = at % length;
            row[at] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY][bad];
            prop_assert!(!greedy(&row).finite);
        }
    }

    #[test]
    fn the_lowest_index_wins_and_nan_never_does() {
        assert_eq!(greedy(&[0.0, 5.0, 5.0]).token, 1);
        assert_eq!(greedy(&[f32::NAN, 2.0]), Sampled { token: 1, finite: false });
        assert_eq!(greedy(&[f32::NAN; 40]), Sampled { token: 0, finite: false });
        assert_eq!(greedy(&[]), Sampled { token: 0, finite: true });
    }
}
