//! Errors on cells that a fit has not seen. The choice between the forms is made anew without
//! them too (nested cross-validation: Varma and Simon 2006, BMC Bioinformatics 7), so that it does
//! not flatter the errors.

use super::{Curve, Extrapolation, Form, Observation, Quantity, extrapolation::Known};
use slm_stats::{median, student_quantile_90};
use std::collections::BTreeMap;

/// Share of cells that a range shall hold.
const HELD: f64 = 0.9;

/// A cell that was left out.
#[derive(Clone, Debug, PartialEq)]
struct LeftOut {
    /// Cells that err together are one case: its own index, or that of its model's first.
    case: usize,
    /// ln(measurement / prediction).
    error: f64,
    /// How far it lay beyond the cells kept.
    distance: f64,
}

/// How well predictions that extrapolate alike do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeldOut {
    /// One for each time that a cell was left out.
    predictions: Vec<LeftOut>,
}

impl HeldOut {
    /// Leaves cells out turn by turn, each time choosing the form anew among what is kept.
    pub(super) fn of(quantity: Quantity, observations: &[Observation], extrapolation: Extrapolation) -> Self {
        let choose = |kept: &[Observation]| best(&errors(quantity, kept, extrapolation));
        Self { predictions: left_out(quantity, observations, extrapolation, &choose) }
    }

    /// How many predictions were made of cells left out; a cell that was left out several times counts
    /// each time.
    pub fn predictions(&self) -> usize {
        self.predictions.len()
    }

    /// How many of them can err on their own: cells, or models where their cells err together.
    pub fn cases(&self) -> usize {
        self.by_case().len()
    }

    /// Median of |prediction / measurement - 1|.
    pub fn error(&self) -> Option<f64> {
        median(&self.predictions.iter().map(|cell| ((-cell.error).exp() - 1.0).abs()).collect::<Vec<_>>())
    }

    /// The logarithm of the factor around a prediction within which nine of ten measurements shall lie, for
    /// one at such a distance: the wider of two estimates, both of which count every case once.
    ///
    /// - Student's t with as many degrees of freedom as there are cases, times their root mean square.
    /// - Where there are nine cases or more, the quantile of their largest errors, with the correction for few of
    ///   them that conformal prediction makes (Lei et al. 2018, JASA 113). Its guarantee does not carry over: it
    ///   needs exchangeable cases and errors of one and the same fit, while here every turn fits anew (for that, twice
    ///   the share of misses is the bound, of a method that keeps every turn's prediction too: Barber et al.
    ///   2021, Ann. Statist. 49).
    ///
    /// Beyond the distances that were left out it grows in proportion. `None` with fewer than two cases.
    pub(super) fn range(&self, distance: f64) -> Option<f64> {
        let cases = self.by_case();
        let width = by_student(&cases)?.max(by_rank(&cases).unwrap_or(0.0));
        let furthest = self.predictions.iter().map(|cell| cell.distance).fold(0.0, f64::max);
        let stretch = if furthest > 0.0 { (distance / furthest).max(1.0) } else { 1.0 };
        Some(width * stretch)
    }

    /// The errors of each case.
    fn by_case(&self) -> Vec<Vec<f64>> {
        let mut cases: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for cell in &self.predictions {
            cases.entry(cell.case).or_default().push(cell.error);
        }
        cases.into_values().collect()
    }
}

fn by_student(cases: &[Vec<f64>]) -> Option<f64> {
    if cases.len() < 2 {
        return None;
    }
    let n = cases.len() as f64;
    let squares = |case: &Vec<f64>| case.iter().map(|error| error.powi(2)).sum::<f64>() / case.len() as f64;
    let square = cases.iter().map(squares).sum::<f64>() / n;
    // The prediction's own error comes on top of theirs.
    Some(student_quantile_90(n) * (square * (1.0 + 1.0 / n)).sqrt())
}

fn by_rank(cases: &[Vec<f64>]) -> Option<f64> {
    let largest = |case: &Vec<f64>| case.iter().map(|error| error.abs()).fold(0.0, f64::max);
    let mut scores: Vec<f64> = cases.iter().map(largest).collect();
    scores.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some hundred cells")]
    let rank = (HELD * (scores.len() + 1) as f64).ceil() as usize;
    scores.get(rank.checked_sub(1)?).copied()
}

/// The median error of each form on cells left out in the same way.
pub(super) fn errors(
    quantity: Quantity,
    observations: &[Observation],
    extrapolation: Extrapolation,
) -> BTreeMap<Form, f64> {
    let error = |form| {
        let predictions = left_out(quantity, observations, extrapolation, &|_| form);
        Some((form, HeldOut { predictions }.error()?))
    };
    Form::ALL.into_iter().filter_map(error).collect()
}

/// The form with the smaller error; the sum of parts where none can be told.
pub(super) fn best(errors: &BTreeMap<Form, f64>) -> Form {
    errors.iter().min_by(|a, b| a.1.total_cmp(b.1)).map_or(Form::Parts, |(form, _)| *form)
}

fn left_out(
    quantity: Quantity,
    observations: &[Observation],
    extrapolation: Extrapolation,
    form: &dyn Fn(&[Observation]) -> Form,
) -> Vec<LeftOut> {
    let case = |index: usize| match extrapolation {
        Extrapolation::Between => index,
        Extrapolation::BeyondOwn | Extrapolation::BeyondAll | Extrapolation::OtherModel => {
            observations.iter().position(|o| o.model == observations[index].model).unwrap_or(index)
        }
    };
    let mut cells = Vec::new();
    for turn in extrapolation.turns(observations) {
        let kept: Vec<Observation> = (0..observations.len())
            .filter(|index| !turn.contains(index))
            .map(|index| observations[index].clone())
            .collect();
        let Some(curve) = Curve::of(quantity, form(&kept), &kept) else { continue };
        let known = Known::of(&kept);
        let cell = |index: usize| {
            let o = &observations[index];
            let error = (o.figure / curve.figure(&o.size, o.tokens)).ln();
            error.is_finite().then(|| LeftOut {
                case: case(index),
                error,
                distance: extrapolation.distance(&known, &o.model, o.size.params, o.tokens),
            })
        };
        cells.extend(turn.into_iter().filter_map(cell));
    }
    cells
}
