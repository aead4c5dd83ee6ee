//! From values to positions: linear and logarithmic scales with round ticks.

/// A scale over `low..=high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    log: bool,
}

impl Scale {
    /// From 0 to a round value above all others.
    pub(crate) fn from_zero(values: impl IntoIterator<Item = f64>) -> Self {
        let high = values.into_iter().filter(|v| v.is_finite()).fold(0.0, f64::max);
        if high <= 0.0 {
            return Self { low: 0.0, high: 1.0, log: false };
        }
        let step = round_step(high / 10.0);
        Self { low: 0.0, high: (high / step - 1e-9).ceil() * step, log: false }
    }

    /// Logarithmic, with a little room at both ends.
    pub(crate) fn log(values: impl IntoIterator<Item = f64>) -> Self {
        let positive = values.into_iter().filter(|v| v.is_finite() && *v > 0.0);
        let (low, high) = positive.fold((f64::MAX, 0.0f64), |(low, high), v| (low.min(v), high.max(v)));
        if high <= 0.0 {
            return Self { low: 1.0, high: 10.0, log: true };
        }
        // At least half a decade, so that noise does not look like a trend.
        let room = (0.06 * (high / low).log10()).max(0.04);
        let spare = (0.5 - (high / low).log10()).max(0.0) / 2.0;
        let by = 10f64.powf(room + spare);
        Self { low: low / by, high: high * by, log: true }
    }

    /// Linear from 0, or logarithmic where the largest value is more than eight
    /// times the smallest.
    pub(crate) fn fitting(values: &[f64]) -> Self {
        let positive = values.iter().copied().filter(|v| v.is_finite() && *v > 0.0);
        let (low, high) = positive.fold((f64::MAX, 0.0f64), |(low, high), v| (low.min(v), high.max(v)));
        if high > 8.0 * low {
            Self::log(values.iter().copied())
        } else {
            Self::from_zero(values.iter().copied())
        }
    }

    /// Linear between the least and the largest value, for readings whose zero
    /// is arbitrary (degrees).
    pub(crate) fn between(values: &[f64]) -> Self {
        let finite = values.iter().copied().filter(|v| v.is_finite());
        let (low, high) = finite.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
        if low > high {
            return Self { low: 0.0, high: 1.0, log: false };
        }
        let step = round_step(((high - low) / 4.0).max(high.abs().max(1.0) * 0.01));
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        Self { low, high: if high > low { high } else { low + step }, log: false }
    }

    /// Linear over just these values, with a little room at both ends.
    pub(crate) fn with_room(low: f64, high: f64) -> Self {
        let room = (0.02 * (high - low)).max(1e-6);
        Self { low: low - room, high: high + room, log: false }
    }

    /// Whether it is logarithmic.
    pub(crate) fn is_log(self) -> bool {
        self.log
    }

    /// Where a value lies: 0 at the low end, 1 at the high end.
    pub(crate) fn share(self, value: f64) -> f64 {
        let share = if self.log {
            (value.max(f64::MIN_POSITIVE) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        share.clamp(0.0, 1.0)
    }

    /// Whether a value lies on it.
    pub(crate) fn holds(self, value: f64) -> bool {
        value >= self.low && value <= self.high
    }

    /// Round values to mark, at most about `most`.
    pub(crate) fn ticks(self, most: usize) -> Vec<f64> {
        if self.log { self.log_ticks(most) } else { self.linear_ticks(most) }
    }

    fn linear_ticks(self, most: usize) -> Vec<f64> {
        let step = round_step((self.high - self.low) / most.max(1) as f64);
        let first = (self.low / step - 1e-9).ceil();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some ten ticks")]
        let count = ((self.high - self.low) / step + 1e-6).floor().clamp(0.0, 50.0) as usize;
        (0..=count).map(|i| (first + i as f64) * step).filter(|v| *v <= self.high + 1e-9 * step).collect()
    }

    fn log_ticks(self, most: usize) -> Vec<f64> {
        #[expect(clippy::cast_possible_truncation, reason = "exponents of f64")]
        let decades = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
        let with = |mantissas: &[f64]| -> Vec<f64> {
            let all = decades.clone().flat_map(|d| mantissas.iter().map(move |m| m * 10f64.powi(d)));
            all.filter(|v| self.holds(*v)).collect()
        };
        let dense = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0];
        let choices: [&[f64]; 4] = [&dense, &[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]];
        let fitting = choices.iter().map(|m| with(m)).find(|ticks| ticks.len() <= most.max(2));
        fitting.unwrap_or_else(|| {
            let all = with(&[1.0]);
            let stride = all.len().div_ceil(most.max(2));
            all.into_iter().step_by(stride).collect()
        })
    }
}

/// 1, 2 or 5 times a power of ten, not below `raw`.
fn round_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.max(1e-12).log10().floor());
    let mantissa = raw / power;
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|m| *m >= mantissa - 1e-9).unwrap_or(10.0);
    step * power
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(Scale::from_zero([93.0]).ticks(6), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        let ticks: Vec<String> =
            Scale::log([0.03, 45.0]).ticks(12).into_iter().map(crate::numbers::short).collect();
        assert_eq!(ticks, ["0.02", "0.05", "0.1", "0.2", "0.5", "1", "2", "5", "10", "20", "50"]);
    }

    #[test]
    fn a_wide_spread_is_shown_logarithmically() {
        assert!(Scale::fitting(&[1.0, 100.0]).is_log() && !Scale::fitting(&[10.0, 30.0]).is_log());
        assert!(!Scale::fitting(&[]).is_log());
    }

    proptest! {
        #[test]
        fn every_value_lies_on_its_scale(values in proptest::collection::vec(1e-6f64..1e9, 1..20)) {
            for scale in [Scale::from_zero(values.clone()), Scale::log(values.clone()), Scale::between(&values)] {
                prop_assert!(values.iter().all(|v| scale.holds(*v * (1.0 - 1e-12)) || scale.holds(*v)));
                let ticks = scale.ticks(6);
                prop_assert!(ticks.len() <= 14, "{:?}", ticks);
                prop_assert!(ticks.windows(2).all(|pair| scale.share(pair[0]) <= scale.share(pair[1])));
            }
        }
    }
}
