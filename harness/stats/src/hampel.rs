//! Values of a series that stand far from their neighbours, alone or in pairs, brought back to
//! them: the Hampel filter (Davies and Gather 1993, JASA 88) with a window of five, so that three
//! neighbours at a new level stay. The noise is that of the differences between neighbours, which
//! steps and drifts hardly touch.

use crate::describe::median;

/// Values in a window.
const WINDOW: usize = 5;
/// Reach around the window's median, in standard deviations.
const REACH: f64 = 3.0;
/// Median |difference| of two normal values over their standard deviation: √2 · Φ⁻¹(0.75).
const MEDIAN_DIFFERENCE: f64 = 0.953_872_552_417_176_7;

/// A series without its outliers.
#[derive(Clone, Debug, PartialEq)]
pub struct Clipped {
    /// The values, outliers clipped.
    pub values: Vec<f64>,
    /// Positions of the values that were clipped.
    pub outliers: Vec<usize>,
}

/// Clips values that are further than 3 standard deviations, and than `least`, from the median
/// of the five values around them: the first or the last five at an end. Series of fewer than six
/// values stay as they are.
pub fn hampel(values: &[f64], least: f64) -> Clipped {
    let mut clipped = Clipped { values: values.to_vec(), outliers: Vec::new() };
    let differences: Vec<f64> = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    let Some(difference) = median(&differences).filter(|_| values.len() > WINDOW) else { return clipped };
    let reach = (REACH * difference / MEDIAN_DIFFERENCE).max(least);
    for (index, &value) in values.iter().enumerate() {
        let start = index.saturating_sub(WINDOW / 2).min(values.len() - WINDOW);
        let mut window = [0.0; WINDOW];
        window.copy_from_slice(&values[start..start + WINDOW]);
        window.sort_by(f64::total_cmp);
        let centre = window[WINDOW / 2];
        if (value - centre).abs() > reach {
            clipped.values[index] = centre + reach.copysign(value - centre);
            clipped.outliers.push(index);
        }
    }
    clipped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;

    #[test]
    fn agrees_with_numpy() {
        for case in reference::clipped() {
            let ours = hampel(&case.values, 0.0);
            assert_eq!(ours.outliers, case.outliers);
            for (ours, theirs) in ours.values.iter().zip(case.clipped) {
                assert!((ours - theirs).abs() < 1e-12, "{ours} {theirs}");
            }
        }
    }

    #[test]
    fn a_pair_is_clipped_and_three_neighbours_are_a_level() {
        let mut values = vec![1.0, 1.1, 0.9, 1.0, 1.1, 1.0, 0.9, 1.0, 1.1, 0.9];
        assert_eq!(hampel(&values, 0.0).outliers, [0; 0]);
        values[4] = 9.0;
        assert_eq!(hampel(&values, 0.0).outliers, [4]);
        assert_eq!(hampel(&values, 10.0).values, values);
        values[5] = 9.1;
        assert_eq!(hampel(&values, 0.0).outliers, [4, 5]);
        values[6] = 9.0;
        assert_eq!(hampel(&values, 0.0).outliers, [0; 0]);
        values.truncate(7);
        assert_eq!(hampel(&values, 0.0).outliers, [0; 0], "the newest three are a level too");
        values.truncate(6);
        assert_eq!(hampel(&values, 0.0).outliers, [4, 5]);
        assert_eq!(hampel(&values[1..], 0.0).outliers, [0; 0], "too few to tell");
    }
}
