//! Mean, standard deviation, percentiles.

/// Arithmetic mean; `None` of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() { None } else { Some(values.iter().sum::<f64>() / values.len() as f64) }
}

/// Sample standard deviation (divisor n - 1); `None` below two values.
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    let centre = mean(values)?;
    if values.len() < 2 {
        return None;
    }
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// Percentile `p` (0 to 100) by linear interpolation between order statistics:
/// Hyndman and Fan (1996), type 7, numpy's default. `None` of nothing.
pub fn percentile(values: &[f64], p: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    percentile_of_sorted(&sorted, p)
}

/// Median; the mean of the middle two of an even number. `None` of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    percentile(values, 50.0)
}

/// [`percentile`] of values in ascending order.
pub(super) fn percentile_of_sorted(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = (p / 100.0).clamp(0.0, 1.0) * last as f64;
    let below = position.floor();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 <= below <= last")]
    let index = below as usize;
    let upper = sorted[(index + 1).min(last)];
    Some(sorted[index] + (position - below) * (upper - sorted[index]))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::reference;

    #[test]
    fn agrees_with_numpy() {
        let close = |ours: Option<f64>, numpy: f64| {
            assert!((ours.unwrap() - numpy).abs() < 1e-12 * numpy.abs().max(1.0));
        };
        for case in reference::cases() {
            close(mean(&case.values), case.mean);
            close(median(&case.values), case.percentiles["50"]);
            close(standard_deviation(&case.values), case.standard_deviation);
            for (p, numpy) in case.percentiles {
                close(percentile(&case.values, p.parse().unwrap()), numpy);
            }
        }
    }

    #[test]
    fn nothing_has_no_figures() {
        assert_eq!(mean(&[]), None);
        assert_eq!(percentile(&[], 50.0), None);
        assert_eq!(standard_deviation(&[1.0]), None);
    }
}
