//! Where a series changes its level, when it is known how often: the cuts that make the squares
//! about the means of the pieces smallest, by dynamic programming (segment neighbourhood: Auger
//! and Lawrence 1989, Bull. Math. Biol. 51). Exact; n² steps for each cut.

/// The positions at which new levels begin, ascending; every piece has at least `shortest`
/// values. `None` where so many pieces have no room.
pub fn level_cuts(values: &[f64], cuts: usize, shortest: usize) -> Option<Vec<usize>> {
    let (n, shortest) = (values.len(), shortest.max(1));
    if n < (cuts + 1) * shortest {
        return None;
    }
    let squares = Squares::of(values);
    // best[end]: squares of the first `end` values in so many pieces; from[k][end]: where the last piece begins.
    let mut best: Vec<f64> =
        (0..=n).map(|end| if end < shortest { f64::INFINITY } else { squares.of_piece(0, end) }).collect();
    let mut from = Vec::new();
    for _ in 0..cuts {
        let (mut next, mut starts) = (vec![f64::INFINITY; n + 1], vec![0; n + 1]);
        for end in 2 * shortest..=n {
            let earlier = best.iter().enumerate().take(end + 1 - shortest).skip(shortest);
            for (start, before) in earlier {
                let total = before + squares.of_piece(start, end);
                if total < next[end] {
                    (next[end], starts[end]) = (total, start);
                }
            }
        }
        best = next;
        from.push(starts);
    }
    let mut end = n;
    let mut found: Vec<usize> = from
        .iter()
        .rev()
        .map(|starts| {
            end = starts[end];
            end
        })
        .collect();
    found.reverse();
    Some(found)
}

/// Squares about the mean of any piece, from sums.
struct Squares {
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl Squares {
    fn of(values: &[f64]) -> Self {
        // About the first value, so that little is lost where values differ by little.
        let origin = values.first().copied().unwrap_or(0.0);
        let (mut sums, mut squares) = (vec![0.0], vec![0.0]);
        for (index, value) in values.iter().enumerate() {
            sums.push(sums[index] + (value - origin));
            squares.push(squares[index] + (value - origin).powi(2));
        }
        Self { sums, squares }
    }

    fn of_piece(&self, start: usize, end: usize) -> f64 {
        let sum = self.sums[end] - self.sums[start];
        (self.squares[end] - self.squares[start] - sum * sum / (end - start) as f64).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;

    #[test]
    fn agrees_with_ruptures() {
        for case in reference::cuts() {
            let ours = level_cuts(&case.values, case.cuts.len(), case.shortest).unwrap();
            assert_eq!(ours, case.cuts, "{:?}", case.values);
        }
    }

    #[test]
    fn pieces_need_room() {
        assert_eq!(level_cuts(&[1.0, 2.0, 3.0], 1, 2), None);
        assert_eq!(level_cuts(&[], 0, 1), None);
        assert_eq!(level_cuts(&[1.0, 1.0, 5.0, 5.0], 1, 2), Some(vec![2]));
        assert_eq!(level_cuts(&[1.0, 1.0], 0, 2), Some(vec![]));
    }
}
