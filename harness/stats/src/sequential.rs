//! Group sequential tests: looking at the data again and again without a higher error rate.
//!
//! Each look may spend a part of the error rate, set by how much of the time is over: a spending
//! function after Lan and DeMets (1983, Biometrika 70, "Discrete sequential boundaries for clinical
//! trials"), here Pocock's, α ln(1 + (e - 1) t), which lets clear differences end a session early. Time
//! may be that of the clock, since it does not depend on the data (Lan and DeMets 1989, Statistics
//! in Medicine 8). Boundaries of a Brownian motion come from the recursive integration of
//! Armitage, McPherson and Rowe (1969, JRSS A 132). Blocks are few, so the nominal level of each look
//! is applied to Student's t (Jennison and Turnbull 1999, "Group Sequential Methods", section 3.8).

use crate::normal::{normal_cdf, normal_two_sided};

/// Points of the grid on which the density of what has not stopped is kept.
const GRID: usize = 301;

/// Deviations beyond which a normal density counts as 0: 1e-14 of its mass.
const FAR: f64 = 7.7;

/// A test that looks repeatedly.
#[derive(Clone, Debug)]
pub struct Sequential {
    alpha: f64,
    spent: f64,
    information: f64,
    density: Option<Density>,
}

impl Sequential {
    /// A test that errs with probability `alpha` in all.
    pub fn new(alpha: f64) -> Self {
        Self { alpha, spent: 0.0, information: 0.0, density: None }
    }

    /// The nominal two-sided level of the next look, with so many blocks in hand when this
    /// share of the time is over. Both grow from look to look; a share of 1 or more is the last.
    pub fn look(&mut self, blocks: usize, time: f64) -> f64 {
        let budget = (pocock_spending(self.alpha, time.clamp(0.0, 1.0)) - self.spent).max(0.0);
        let information = blocks as f64;
        let step = (information - self.information).max(f64::MIN_POSITIVE).sqrt();
        let deviation = information.sqrt();
        let boundary = bisect(|boundary| {
            let exit = match &self.density {
                None => normal_two_sided(boundary),
                Some(density) => density.exits(boundary * deviation, step),
            };
            exit - budget
        });
        let half_width = boundary * deviation;
        self.density = Some(match &self.density {
            None => Density::first(half_width, deviation),
            Some(density) => density.next(half_width, step),
        });
        self.spent += budget;
        self.information = information;
        normal_two_sided(boundary)
    }
}

/// Error rate spent when this share of the time is over.
fn pocock_spending(alpha: f64, share: f64) -> f64 {
    alpha * (1.0 + (std::f64::consts::E - 1.0) * share).ln()
}

/// Where a falling function is 0.
fn bisect(excess: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 12.0);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if excess(middle) > 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// The density of a Brownian motion that has crossed no boundary yet, on a grid.
#[derive(Clone, Debug)]
struct Density {
    half_width: f64,
    values: Vec<f64>,
}

impl Density {
    fn first(half_width: f64, deviation: f64) -> Self {
        let at = |x: f64| normal_density(x / deviation) / deviation;
        Self { half_width, values: grid(half_width).map(at).collect() }
    }

    fn next(&self, half_width: f64, deviation: f64) -> Self {
        let at = |y: f64| {
            let is_near = |x: f64| (y - x).abs() < FAR * deviation;
            self.integrate(|x| if is_near(x) { normal_density((y - x) / deviation) / deviation } else { 0.0 })
        };
        Self { half_width, values: grid(half_width).map(at).collect() }
    }

    /// Probability of lying outside of a boundary after a step of this deviation.
    fn exits(&self, boundary: f64, deviation: f64) -> f64 {
        let beyond =
            |distance: f64| if distance < -FAR * deviation { 0.0 } else { normal_cdf(distance / deviation) };
        self.integrate(|x| beyond(x - boundary) + beyond(-boundary - x))
    }

    /// Simpson's rule over the density times a function.
    fn integrate(&self, function: impl Fn(f64) -> f64) -> f64 {
        let step = 2.0 * self.half_width / (GRID - 1) as f64;
        let weight = |index: usize| match index {
            0 => 1.0,
            index if index == GRID - 1 => 1.0,
            index if index % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let terms = grid(self.half_width).zip(&self.values).enumerate();
        terms.map(|(index, (x, value))| weight(index) * value * function(x)).sum::<f64>() * step / 3.0
    }
}

fn grid(half_width: f64) -> impl Iterator<Item = f64> {
    let step = 2.0 * half_width / (GRID - 1) as f64;
    (0..GRID).map(move |index| index as f64 * step - half_width)
}

fn normal_density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normal::normal_quantile;

    /// Boundaries of five equally spaced looks at 5 %, two-sided, with this spending function:
    /// 2.438, 2.427, 2.410, 2.397, 2.386 (Proschan, Lan and Wittes 2006, "Statistical Monitoring
    /// of Clinical Trials").
    #[test]
    fn the_boundaries_of_five_looks_are_those_of_the_literature() {
        let mut test = Sequential::new(0.05);
        for (look, known) in (1..=5).zip([2.438, 2.427, 2.410, 2.397, 2.386]) {
            let found = -normal_quantile(0.5 * test.look(look, look as f64 / 5.0));
            assert!((found - known).abs() < 1.5e-3, "{found} is not {known}");
        }
    }

    #[test]
    fn one_look_spends_all() {
        assert!((Sequential::new(0.05).look(9, 1.0) - 0.05).abs() < 1e-9);
    }

    #[test]
    fn more_looks_leave_less_for_each() {
        let mut few = Sequential::new(0.05);
        let last_of_few = [10, 20].map(|blocks| few.look(blocks, blocks as f64 / 20.0))[1];
        let mut many = Sequential::new(0.05);
        let levels: Vec<f64> = (3..=20).map(|blocks| many.look(blocks, blocks as f64 / 20.0)).collect();
        assert!(levels.iter().all(|level| *level > 0.0 && *level < last_of_few), "{levels:?}");
    }
}
