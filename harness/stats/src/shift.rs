//! Whether a series has a stretch at another level than the rest: the largest Student's t of any
//! stretch against the others, as in circular binary segmentation (Olshen, Venkatraman, Lucito
//! and Wigler 2004, Biostatistics 5). A stretch at an end is a step; one in the middle is a level
//! that came and went. A stretch, and what lies on either side of it, has at least three values.
//!
//! Since the largest of many is taken, p is not Student's: it is counted among 9,999 series of
//! normal noise of the same length, whose outliers are clipped as those of the data are.
//! Beyond the largest of these, Bonferroni's bound over all stretches takes over.

use crate::{hampel::hampel, normal::normal_value, student::student_two_sided};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const DRAWS: usize = 9_999;
const ORDERS: u32 = 1_999;
const ENOUGH_EXTREME: u32 = 20;
/// Fewest values whose orders are enough to tell a step in one of many series.
const FEWEST_TO_ORDER: usize = 16;
/// Fewest values that are tested.
const FEWEST: usize = 6;
/// Fewest values of a stretch.
const SHORTEST: usize = 3;

/// The stretch that differs most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// Its first value; 0 where it is the part before a step.
    pub from: usize,
    /// The first value after it.
    pub to: usize,
    /// |t| of its mean against that of the others; infinite where nothing varies within.
    pub t: f64,
}

/// The stretch whose mean differs most from that of the others; `None` below six values
/// or where all are equal.
pub fn largest_shift(values: &[f64]) -> Option<Shift> {
    let n = values.len();
    if n < FEWEST {
        return None;
    }
    let centre = values.iter().sum::<f64>() / n as f64;
    let mut sums = vec![0.0];
    let mut total = 0.0;
    for (index, value) in values.iter().enumerate() {
        sums.push(sums[index] + (value - centre));
        total += (value - centre).powi(2);
    }
    let is_flat = total <= f64::EPSILON * f64::EPSILON * centre * centre * n as f64;
    let (between, from, to) = largest_between(&sums).filter(|_| !is_flat)?;
    let within = total - between;
    let t =
        if within <= 1e-12 * total { f64::INFINITY } else { (between / within * (n as f64 - 2.0)).sqrt() };
    Some(Shift { from, to, t })
}

/// The largest sum of squares between a stretch and the others, with the stretch, from the sums
/// of values about their mean.
fn largest_between(sums: &[f64]) -> Option<(f64, usize, usize)> {
    let n = sums.len() - 1;
    // n / (k (n - k)): what the square of a sum of k values is worth.
    let weights: Vec<f64> =
        (0..=n).map(|k| n as f64 / (k as f64 * (n as f64 - k as f64)).max(f64::MIN_POSITIVE)).collect();
    let mut best: Option<(f64, usize, usize)> = None;
    // A stretch up to the end is what one from the start leaves.
    for from in std::iter::once(0).chain(SHORTEST..=n - SHORTEST) {
        for to in from + SHORTEST..=n - SHORTEST {
            let between = (sums[to] - sums[from]).powi(2) * weights[to - from];
            if best.is_none_or(|best| between > best.0) {
                best = Some((between, from, to));
            }
        }
    }
    best
}

/// What the largest t of series without a shift is like, at one length.
#[derive(Clone, Debug, PartialEq)]
pub struct NoShift {
    values: usize,
    largest: Vec<f64>,
}

impl NoShift {
    /// For series of so many values.
    pub fn new(values: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(values as u64);
        let draw = |_| {
            let noise: Vec<f64> = (0..values).map(|_| normal_value(&mut rng)).collect();
            largest_shift(&hampel(&noise, 0.0).values).map_or(0.0, |shift| shift.t)
        };
        let mut largest: Vec<f64> = (0..DRAWS).map(draw).collect();
        largest.sort_by(f64::total_cmp);
        Self { values, largest }
    }

    /// The probability of a t at least so large where there is no shift.
    pub fn p(&self, t: f64) -> f64 {
        let below = self.largest.partition_point(|&drawn| drawn < t);
        let counted = (DRAWS - below + 1) as f64 / (DRAWS + 1) as f64;
        if below < DRAWS {
            return counted;
        }
        let n = self.values as f64;
        let bound = 0.5 * n * n * student_two_sided(t, n - 2.0);
        if bound.is_finite() { bound.clamp(f64::MIN_POSITIVE, counted) } else { counted }
    }
}

/// The probability of a t at least so large were the values in any order, outliers clipped beyond
/// `least` in each order: it holds for any noise whose values are independent and alike. Counted over 1,999
/// random orders or until 20 have such a t (Besag and Clifford 1991, Biometrika 78); `None` where none of them
/// has, so that it is below 1 in 2,000, or fewer values than 16 have too few orders.
pub fn shift_by_order(values: &[f64], least: f64, t: f64) -> Option<f64> {
    if values.len() < FEWEST_TO_ORDER {
        return None;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(values.len() as u64);
    let mut ordered = values.to_vec();
    let mut extreme = 0;
    for drawn in 1..=ORDERS {
        for i in (1..ordered.len()).rev() {
            ordered.swap(i, rng.random_range(0..=i));
        }
        let shift = largest_shift(&hampel(&ordered, least).values);
        extreme += u32::from(shift.is_some_and(|shift| shift.t >= t));
        if extreme == ENOUGH_EXTREME {
            return Some(f64::from(extreme) / f64::from(drawn));
        }
    }
    (extreme > 0).then(|| f64::from(extreme + 1) / f64::from(ORDERS + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;

    #[test]
    fn agrees_with_scipys_t_of_every_stretch() {
        for case in reference::shifts() {
            let ours = largest_shift(&case.values).unwrap();
            assert_eq!([ours.from, ours.to], case.stretch, "{:?}", case.values);
            assert!((ours.t - case.t).abs() < 1e-9 * case.t, "{ours:?} {}", case.t);
        }
    }

    #[test]
    fn chances_are_those_that_numpy_counts() {
        // 100,000 series of numpy's; ours count some 100 at the least of these chances.
        for case in reference::no_shifts() {
            let none = NoShift::new(case.values);
            for [t, p] in case.chances {
                assert!(
                    (none.p(t) / p).ln().abs() < 0.25,
                    "{} values: t {t}, {} and {p}",
                    case.values,
                    none.p(t)
                );
            }
        }
    }

    #[test]
    fn p_falls_with_t_to_nothing() {
        let none = NoShift::new(8);
        let p: Vec<f64> = [0.0, 2.0, 4.0, 8.0, 30.0, 300.0, f64::INFINITY].map(|t| none.p(t)).to_vec();
        assert!(
            p.windows(2).all(|pair| pair[0] >= pair[1]) && p[0] > 0.99 && p[6] > 0.0 && p[5] < 1e-6,
            "{p:?}"
        );
    }

    #[test]
    fn any_order_has_an_outlier_somewhere() {
        // A pair of outliers is as likely to be neighbours as any two of 18 values.
        let mut values: Vec<f64> = (0..18).map(|i| f64::from(i * 7 % 18) / 18.0).collect();
        let order_p = |values: &[f64]| {
            let t = largest_shift(&hampel(values, 0.0).values).unwrap().t;
            (t, shift_by_order(values, 0.0, t))
        };
        assert!(order_p(&values).1.unwrap() > 0.05);
        values[12..].iter_mut().for_each(|value| *value += 4.0);
        let (t, p) = order_p(&values);
        assert!(t > 10.0 && p.is_some_and(|p| p < 0.005), "hardly an order of 1,999 has it: {t} {p:?}");
        assert_eq!(shift_by_order(&values[..15], 0.0, 0.0), None);
    }

    #[test]
    fn equal_values_have_no_shift() {
        assert_eq!(largest_shift(&[2.0; 9]), None);
        assert_eq!(largest_shift(&[1.0, 2.0, 1.0, 5.0, 5.0]), None);
        let step = largest_shift(&[1.0, 1.0, 1.0, 4.0, 4.0, 4.0]).unwrap();
        assert_eq!((step.from, step.to, step.t), (0, 3, f64::INFINITY));
    }
}
