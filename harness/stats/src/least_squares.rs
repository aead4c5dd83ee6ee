//! Least squares with coefficients of 0 or more (Lawson and Hanson 1974, Solving
//! Least Squares Problems, chapter 23) for a handful of columns: every subset of
//! columns is solved through its normal equations, and the best one whose
//! coefficients are all positive is taken. Exact, and small.

/// Coefficients of 0 or more that make Σ (y - Σ x·c)² smallest. Rows are scaled by
/// their weights beforehand where errors are relative. `None` without rows or when
/// no column helps.
pub fn nonnegative_least_squares<const N: usize>(rows: &[([f64; N], f64)]) -> Option<[f64; N]> {
    // Columns are scaled to unit length: their sizes differ by many powers of ten.
    let scale: [f64; N] = std::array::from_fn(|i| rows.iter().map(|(x, _)| x[i] * x[i]).sum::<f64>().sqrt());
    let mut best: Option<([f64; N], f64)> = None;
    for subset in 1usize..1 << N {
        let used: Vec<usize> = (0..N).filter(|i| subset >> i & 1 == 1 && scale[*i] > 0.0).collect();
        let Some(solved) = solve(rows, &used, &scale) else { continue };
        if solved.iter().any(|&c| c < 0.0 || !c.is_finite()) {
            continue;
        }
        let mut coefficients = [0.0; N];
        for (&column, c) in used.iter().zip(&solved) {
            coefficients[column] = c / scale[column];
        }
        let error = rows.iter().map(|(x, y)| (y - dot(x, &coefficients)).powi(2)).sum::<f64>();
        if best.as_ref().is_none_or(|(_, least)| error < least * (1.0 - 1e-12)) {
            best = Some((coefficients, error));
        }
    }
    best.map(|(coefficients, _)| coefficients)
}

/// Σ x·c.
pub fn dot<const N: usize>(x: &[f64; N], coefficients: &[f64; N]) -> f64 {
    x.iter().zip(coefficients).map(|(x, c)| x * c).sum()
}

/// The normal equations of some columns, by Gauss' elimination with pivots.
fn solve<const N: usize>(rows: &[([f64; N], f64)], used: &[usize], scale: &[f64; N]) -> Option<Vec<f64>> {
    let n = used.len();
    if n == 0 || rows.len() < n {
        return None;
    }
    let mut matrix = vec![vec![0.0; n + 1]; n];
    for (x, y) in rows {
        for (i, &a) in used.iter().enumerate() {
            for (j, &b) in used.iter().enumerate() {
                matrix[i][j] += x[a] / scale[a] * x[b] / scale[b];
            }
            matrix[i][n] += x[a] / scale[a] * y;
        }
    }
    for column in 0..n {
        let pivot =
            (column..n).max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))?;
        matrix.swap(column, pivot);
        if matrix[column][column].abs() < 1e-12 {
            return None;
        }
        for row in 0..n {
            if row != column {
                let factor = matrix[row][column] / matrix[column][column];
                let source = matrix[column].clone();
                for (value, above) in matrix[row].iter_mut().zip(source).skip(column) {
                    *value -= factor * above;
                }
            }
        }
    }
    Some((0..n).map(|i| matrix[i][n] / matrix[i][i]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;

    #[test]
    fn agrees_with_scipys_nnls() {
        for case in reference::nnls() {
            let ours = nonnegative_least_squares(&case.rows).unwrap_or([0.0; 3]);
            for (ours, theirs) in ours.iter().zip(case.coefficients) {
                assert!((ours - theirs).abs() < 1e-8 * theirs.abs().max(1.0), "{ours} {theirs}");
            }
        }
        assert_eq!(nonnegative_least_squares::<2>(&[]), None);
    }
}
